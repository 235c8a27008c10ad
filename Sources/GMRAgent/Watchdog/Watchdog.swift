import CUnwindShim
import GMRCore
import Glibc
import Synchronization

/// Sends heartbeats through what must not hang, and has a report made where one is not answered. Two threads of GMR's
/// own, because everything else may be what hangs:
///
/// | thread | what it does | what may stop it |
/// |---|---|---|
/// | `gmr-watchdog` | is the clock, judges, triggers | nothing: until it triggers it does not allocate, nor take a lock that the program's code is run under |
/// | `gmr-heartbeat` | sends: makes tasks, runs what was registered | the program: malloc's lock, a registered closure. That heartbeat is then one that is not answered |
///
/// Both sleep but for a moment each quarter of the limit. A heartbeat is on its way there while the watchdog sleeps.
final class Watchdog: Sendable {
    private let limit: UInt64
    private let pause: UInt64
    private let targets: Mutex<[WatchedTarget]>
    /// Held by who changes them.
    private let changes = Mutex(())
    private let isSendingDue = Latch()
    private let isStopping = Latch()
    private let hasEnded = Latch()

    private static let longestRound: UInt64 = 10_000_000_000
    private static let patience: Duration = .seconds(1)

    init(limit: Duration, pause: Duration, targets: [WatchedTarget]) {
        self.limit = limit.nanoseconds
        self.pause = pause.nanoseconds
        self.targets = Mutex(targets)
    }

    private var roundLength: UInt64 { min(limit / 4, Self.longestRound) }

    func add(_ target: WatchedTarget) {
        changeTargets { $0.append(target) }
    }

    func remove(_ target: WatchedTarget) {
        changeTargets { $0.removeAll { $0 === target } }
    }

    /// The watchdog's threads must not wait for who allocates, nor for what a closure lets go of.
    private func changeTargets(_ change: (inout [WatchedTarget]) -> Void) {
        let before = changes.withLock { _ in
            var new = targets.withLock { $0 }
            change(&new)
            return targets.withLock { targets in
                let before = targets
                targets = new
                return before
            }
        }
        _ = before
    }

    /// Returns when both threads are known to be GMR's own.
    /// - Returns: 0, or an errno.
    func start() -> Int32 {
        let isSending = Latch()
        let isWatching = Latch()
        var result = DetachedThread.start(name: "gmr-heartbeat") {
            _ = gmr_thread_introduce("gmr-heartbeat")
            isSending.open()
            self.send()
        }
        if result != 0 { return result }
        result = DetachedThread.start(name: "gmr-watchdog") {
            _ = gmr_thread_introduce("gmr-watchdog")
            isWatching.open()
            self.watch()
            self.hasEnded.open()
        }
        if result != 0 {
            endSending()
            return result
        }
        isSending.wait(until: .now + Self.patience)
        isWatching.wait(until: .now + Self.patience)
        return 0
    }

    /// Returns when no report is triggered any more. A registered closure that blocks is left behind.
    func stop() {
        endSending()
        hasEnded.wait(until: .now + Self.patience)
    }

    private func endSending() {
        isStopping.open()
        isSendingDue.open()
    }

    private func send() {
        while true {
            isSendingDue.wait(until: .now + .seconds(3600))
            if isStopping.isOpened { return }
            isSendingDue.close()
            for target in targets.withLock({ $0 }) { target.sendHeartbeat(at: Self.now()) }
        }
    }

    private func watch() {
        var judge = WatchdogJudge(limit: limit, pause: pause)
        var reader = MachineShareReader()
        var last = Self.now()
        while true {
            isSendingDue.open()
            let begin = Self.now()
            isStopping.wait(until: .now + .nanoseconds(Int64(roundLength)))
            if isStopping.isOpened { return }
            let targets = targets.withLock { $0 }
            let now = Self.now()
            var round = WatchdogRound(now: now, elapsed: now - last, late: now - min(now, begin + roundLength))
            last = now
            if targets.contains(where: { $0.isSuspect }) {
                round.share = reader.read(elapsed: round.elapsed)
            } else {
                reader.pause()
            }
            let report = judge.judge(targets, after: round) { target, silence in
                Setup.warn("\(target.name) answers the watchdog again, after \(UnansweredHeartbeat.inWords(silence)).")
            }
            if let report { report.target.triggerReport(silence: report.silence) }
        }
    }

    private static func now() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }
}
