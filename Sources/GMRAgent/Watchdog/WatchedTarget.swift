import CUnwindShim
import Synchronization

/// Something that heartbeats are sent through, one at a time.
package final class WatchedTarget: Sendable {
    typealias Heartbeat = @Sendable (_ answer: @escaping @Sendable () -> Void) -> Void

    /// What has become of the heartbeats in a round.
    struct Outcome: Equatable {
        /// How long the one was under way that has been answered now, and that was reported.
        var answeredAfter: UInt64?
        /// For how long the one under way has not been answered; 0 where none is.
        var silence: UInt64 = 0
        var isReported = false
    }

    private struct Vigil {
        var heartbeat: UInt64 = 0
        var silence: UInt64 = 0
        var isReported = false
    }

    let name: String
    /// Ends with 0. Made here, because the watchdog must not allocate.
    private let nameBytes: [CChar]
    private let send: @Sendable (WatchedTarget, _ answer: @escaping @Sendable () -> Void) -> Void
    private let countsFromFirstAnswer: Bool
    // Heartbeats are numbered from 1 on. release: publishes sentAt.
    private let sent = Atomic<UInt64>(0)
    private let sentAt = Atomic<UInt64>(0)
    private let answered = Atomic<UInt64>(0)
    private let vigil = Mutex(Vigil())

    /// - Parameter countsFromFirstAnswer: Until then nobody may be there who answers.
    init(_ name: String, countsFromFirstAnswer: Bool = false, send: @escaping Heartbeat) {
        self.name = Self.cut(name)
        nameBytes = Array(self.name.utf8CString)
        self.countsFromFirstAnswer = countsFromFirstAnswer
        self.send = { _, answer in send(answer) }
    }

    /// - Parameter ask: Has `answer()` of the target called there.
    package init(_ name: String, ask: @escaping @Sendable (WatchedTarget) -> Void) {
        self.name = Self.cut(name)
        nameBytes = Array(self.name.utf8CString)
        countsFromFirstAnswer = false
        send = { target, _ in ask(target) }
    }

    /// Whole characters of it.
    private static func cut(_ name: String) -> String {
        var name = name
        while name.utf8.count >= Int(GMR_WATCHDOG_TARGET_BYTES) { name.removeLast() }
        return name
    }

    /// Of the heartbeat thread alone.
    func sendHeartbeat(at now: UInt64) {
        let last = sent.load(ordering: .relaxed)
        guard answered.load(ordering: .acquiring) == last else { return }
        sentAt.store(now, ordering: .relaxed)
        sent.store(last + 1, ordering: .releasing)
        send(self) { self.answered.max(last + 1, ordering: .releasing) }
    }

    /// Answers the heartbeat that is under way, if one is: whoever calls this runs. It takes no lock and allocates
    /// nothing. Of any thread.
    package func answer() {
        answered.max(sent.load(ordering: .acquiring), ordering: .releasing)
    }

    /// Whether a heartbeat is under way that counts. It may have been reported.
    var isAwaited: Bool { awaited(sent.load(ordering: .acquiring)) }

    /// Whether one is that may have to be reported.
    var isSuspect: Bool { isAwaited && !vigil.withLock { $0.isReported } }

    private func awaited(_ number: UInt64) -> Bool {
        let last = answered.load(ordering: .acquiring)
        return last < number && (last > 0 || !countsFromFirstAnswer)
    }

    /// Counts a round. Of the watchdog thread alone.
    func outcome(of round: WatchdogRound) -> Outcome {
        let number = sent.load(ordering: .acquiring)
        let isAwaited = awaited(number)
        let age = round.now &- min(sentAt.load(ordering: .relaxed), round.now)
        return vigil.withLock { vigil in
            var outcome = Outcome()
            if vigil.heartbeat != number || !isAwaited {
                if vigil.isReported { outcome.answeredAfter = vigil.silence }
                vigil = Vigil(heartbeat: number)
            }
            if isAwaited { vigil.silence += min(round.countable, age) }
            outcome.silence = vigil.silence
            outcome.isReported = vigil.isReported
            return outcome
        }
    }

    /// Its silence is told of: until its end no other report is made for it.
    func noteReported() {
        vigil.withLock { $0.isReported = true }
    }

    func triggerReport(silence: UInt64) {
        nameBytes.withUnsafeBufferPointer { gmr_agent_trigger_watchdog($0.baseAddress, silence) }
    }
}

extension WatchedTarget {
    /// What every Swift program has. Each priority has threads of its own, so that a pool which hangs is one of them.
    /// Not that of `.background`, which is for work that nobody waits for.
    static func ofSwift() -> [WatchedTarget] {
        let priorities: [(String, TaskPriority)] = [("high", .high), ("medium", .medium), ("low", .low)]
        let pools = priorities.map { name, priority in
            WatchedTarget("tasks of \(name) priority") { answer in
                Task.detached(name: "gmr heartbeat", priority: priority) { answer() }
            }
        }
        // A program may never run a main loop, or late.
        let mainActor = WatchedTarget("main actor", countsFromFirstAnswer: true) { answer in
            Task.detached(name: "gmr heartbeat", priority: .high) { @MainActor in answer() }
        }
        return pools + [mainActor]
    }
}
