import Foundation
import GMRAgent
import Synchronization
import Testing

/// Counted by foreign handlers. Atomic: they run in signal handlers.
private let foreignCount = Atomic<Int>(0)
private let laterCount = Atomic<Int>(0)

extension AgentTests {
    /// Other software's handlers go on working, errno stays as it was, and nobody's mask changes.
    @Suite struct Coexistence {
        @Test func aProfilerThatWasThereBeforeKeepsItsSignals() async throws {
            let profiler = Profiler()
            defer { profiler.stop() }
            try await withAgent { gmr in
                try await expectTicks(during: gmr)
            }
        }

        @Test func aProfilerThatComesLaterKeepsItsSignalsAndRunningThreadsAreStillSeen() async throws {
            try await withAgent { gmr in
                let profiler = Profiler()
                defer { profiler.stop() }
                try await expectTicks(during: gmr)
                let spin = Spin()
                defer { spin.end() }
                _ = try await report(of: gmr) { $0.threads.contains { $0.name == "spin" && $0.capture == .signal } }
            }
        }

        /// A handler installed over GMR's may pass on what is not its own: to GMR's.
        @Test func twoHandlersThatCallEachOtherComeToAnEnd() async throws {
            try await withAgent { gmr in
                let profiler = Profiler(passesOn: true)
                defer { profiler.stop() }
                try await expectTicks(during: gmr)
            }
        }

        @Test func aTriggerHandlerThatWasThereBeforeIsCalledToo() async throws {
            foreignCount.store(0, ordering: .relaxed)
            signal(SIGUSR1) { _ in foreignCount.add(1, ordering: .relaxed) }
            defer { signal(SIGUSR1, SIG_DFL) }
            try await withAgent(settings: Settings(logDirectory: try temporaryDirectory())) { gmr in
                kill(getpid(), SIGUSR1)
                _ = try await report(of: gmr) { _ in foreignCount.load(ordering: .relaxed) == 1 }
            }
        }

        /// GMR's handler is put over one that was put over it, where a signalfd has the signal too. Both others, and each
        /// once, get every signal all the same, also after GMR has ended.
        @Test func handlersBelowAndAboveAreCalledOnce() async throws {
            foreignCount.store(0, ordering: .relaxed)
            laterCount.store(0, ordering: .relaxed)
            signal(SIGUSR1) { _ in foreignCount.add(1, ordering: .relaxed) }
            defer { signal(SIGUSR1, SIG_DFL) }
            func expectEachOnce(_ count: Int) async throws {
                kill(getpid(), SIGUSR1)
                let deadline = ContinuousClock.now + .seconds(20)
                while foreignCount.load(ordering: .relaxed) < count, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(foreignCount.load(ordering: .relaxed) == count)
                #expect(laterCount.load(ordering: .relaxed) == count)
            }
            try await withAgent(settings: Settings(logDirectory: try temporaryDirectory())) { gmr in
                let later = LaterHandler(of: SIGUSR1)
                try await expectEachOnce(1)
                let descriptor = try signalDescriptor(of: SIGUSR1)
                defer { close(descriptor) }
                _ = try await gmr.report()
                #expect(later.isBelowAnother, "GMR's handler is above it now")
                for count in 2...5 { try await expectEachOnce(count) }
            }
            for count in 6...8 { try await expectEachOnce(count) }
        }

        /// What is said of a signal that was ignored finds no reader, and nothing waits for one.
        @Test func aReaderWhoSleepsHoldsUpNeitherSetUpNorReports() throws {
            let service = try FetchingService(fetcher: nil)
            defer { service.close() }
            service.stallErrors(isNonblocking: false)
            let launcher = ["/bin/sh", "-c", "trap '' USR2; exec \"$@\"", "sh"]
            try service.start(environment: [:], launcher: launcher)
            #expect(try service.reports(count: 1).count == 1)
        }

        @Test func errnoAndTheSignalMaskAreLeftAlone() async throws {
            try await withAgent { gmr in
                let spin = Spin()
                defer { spin.end() }
                for _ in 0..<50 {
                    _ = try await report(of: gmr) { $0.threads.contains { $0.name == "spin" && $0.capture == .signal } }
                }
                #expect(spin.errnoChanges == 0)
                #expect(spin.maskChanges == 0)
            }
        }

        private func expectTicks(during gmr: GuruMeditation) async throws {
            let spin = Spin()
            defer { spin.end() }
            foreignCount.store(0, ordering: .relaxed)
            _ = try await report(of: gmr) { _ in foreignCount.load(ordering: .relaxed) >= 20 }
        }
    }
}

/// signalfd(2), which Swift's Glibc lacks.
private func signalDescriptor(of number: Int32) throws -> Int32 {
    typealias Make = @convention(c) (Int32, UnsafePointer<sigset_t>, Int32) -> Int32
    let make = unsafeBitCast(try #require(dlsym(nil, "signalfd")), to: Make.self)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    let descriptor = make(-1, &set, O_CLOEXEC)
    try #require(descriptor >= 0)
    return descriptor
}

/// A handler that passes on what it gets to the one that was there before.
private struct LaterHandler {
    nonisolated(unsafe) private static var before = sigaction()
    private let number: Int32

    init(of number: Int32) {
        self.number = number
        var action = sigaction()
        action.__sigaction_handler.sa_handler = Self.handler
        sigaction(number, nil, &Self.before)
        sigaction(number, &action, nil)
    }

    private static let handler: @convention(c) (Int32) -> Void = { number in
        laterCount.add(1, ordering: .relaxed)
        LaterHandler.before.__sigaction_handler.sa_sigaction(number, nil, nil)
    }

    var isBelowAnother: Bool {
        var now = sigaction()
        sigaction(number, nil, &now)
        return now.sa_flags & SA_SIGINFO != 0
    }
}

/// What gperftools and others do: SIGPROF by a timer that counts CPU time.
private final class Profiler: Sendable {
    private static let earlier = Mutex<sigaction>(sigaction())
    private typealias Handler =
        @convention(c) (
            Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?
        ) -> Void
    nonisolated(unsafe) private static var next: Handler?

    init(passesOn: Bool = false) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_RESTART
        if passesOn {
            var before = sigaction()
            sigaction(SIGPROF, nil, &before)
            Self.next = before.__sigaction_handler.sa_sigaction
            action.__sigaction_handler.sa_sigaction = { number, info, context in
                foreignCount.add(1, ordering: .relaxed)
                Profiler.next?(number, info, context)
            }
        } else {
            action.__sigaction_handler.sa_sigaction = { _, _, _ in foreignCount.add(1, ordering: .relaxed) }
        }
        Self.earlier.withLock { earlier in _ = sigaction(SIGPROF, &action, &earlier) }
        var timer = itimerval()
        timer.it_interval.tv_usec = 2000
        timer.it_value.tv_usec = 2000
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    func stop() {
        var timer = itimerval()
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
        // A last tick may be on its way, and its default action would end the test runner.
        signal(SIGPROF, SIG_IGN)
        Self.earlier.withLock { earlier in
            if earlier.__sigaction_handler.sa_handler != nil { _ = sigaction(SIGPROF, &earlier, nil) }
        }
    }
}

/// A thread named `spin` that runs, and watches what it should keep.
private final class Spin: Sendable {
    private let isEnding = Atomic<Bool>(false)
    private let errnoChangeCount = Atomic<Int>(0)
    private let maskChangeCount = Atomic<Int>(0)
    private let hasEnded = DispatchSemaphore(value: 0)

    init() {
        let thread = Thread { [self] in
            // Thread.name reaches the kernel only sometimes: it races with the start of the thread.
            try? "spin".write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
            run()
            hasEnded.signal()
        }
        thread.start()
    }

    var errnoChanges: Int { errnoChangeCount.load(ordering: .relaxed) }
    var maskChanges: Int { maskChangeCount.load(ordering: .relaxed) }

    private func run() {
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &before)
        errno = 4711
        var round = 0
        while !isEnding.load(ordering: .relaxed) {
            if errno != 4711 { errnoChangeCount.add(1, ordering: .relaxed) }
            round += 1
            guard round % 1024 == 0 else { continue }
            var now = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &now)
            let isSame = withUnsafeBytes(of: &now) { now in
                withUnsafeBytes(of: &before) { now.elementsEqual($0) }
            }
            if !isSame { maskChangeCount.add(1, ordering: .relaxed) }
        }
    }

    func end() {
        isEnding.store(true, ordering: .relaxed)
        hasEnded.wait()
    }
}

func temporaryDirectory() throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "gmr-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path()
}
