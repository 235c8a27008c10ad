import GMRCore
import Testing

/// Who waits for whom, as literal values: no process, no clock.
@Suite struct WaitGraphTests {
    private static func thread(
        _ tid: Int32, waitsFor owner: Int32? = nil, lock: UInt64 = 0x10, kind: LockWait.Kind = .mutex,
        certainty: LockWait.Certainty = .certain, isTimed: Bool = false
    ) -> ThreadSnapshot {
        var wait = LockWait(kind: kind, address: lock, description: "", isTimed: isTimed, certainty: certainty)
        wait.owner = owner
        return ThreadSnapshot(tid: tid, name: "t\(tid)", capture: .noTouch, waitsFor: owner == nil ? nil : wait)
    }

    @Test func everyCircleIsFoundOnceWithoutThoseBehindIt() {
        let threads = [
            // 3 → 1 → 2 → 3, with 4 → 5 → 1 behind; 7 → 6 → 7; 8 → 8; 9 → 10, who runs.
            Self.thread(3, waitsFor: 1), Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 3),
            Self.thread(4, waitsFor: 5), Self.thread(5, waitsFor: 1), Self.thread(7, waitsFor: 6),
            Self.thread(6, waitsFor: 7), Self.thread(8, waitsFor: 8), Self.thread(9, waitsFor: 10), Self.thread(10),
        ]
        for order in [threads, threads.reversed()] {
            #expect(WaitGraph(order).circles() == [[1, 2, 3], [6, 7], [8]])
        }
    }

    @Test func whoIsNotAmongTheThreadsEndsThePath() {
        #expect(WaitGraph([Self.thread(1, waitsFor: 2)]).circles().isEmpty)
        var elsewhere = Self.thread(2, waitsFor: 1)
        elsewhere.waitsFor?.ownerProcess = 99
        #expect(WaitGraph([Self.thread(1, waitsFor: 2), elsewhere]).circles().isEmpty)
        #expect(
            WaitGraph([Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 1, certainty: .unknown)]).circles() == [])
    }

    @Test func aLongChainEnds() {
        let chain = (1...4_000).map { Self.thread(Int32($0), waitsFor: Int32($0) + 1) }
        #expect(WaitGraph(chain).circles().isEmpty)
        #expect(WaitGraph(chain + [Self.thread(4_001, waitsFor: 1)]).circles().map(\.count) == [4_001])
    }

    @Test(arguments: [
        ([true, true], LockWait.Certainty.certain as LockWait.Certainty?), ([true, nil], .likely),
        ([nil, nil], .likely),
        ([true, false], nil), ([nil, false], nil),
    ])
    func certainIsWhatStoodStill(looks: [Bool?], certainty: LockWait.Certainty?) {
        let graph = WaitGraph([Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 1)])
        #expect(graph.deadlocks { looks[Int($0) - 1] }.map(\.certainty) == (certainty.map { [$0] } ?? []))
    }

    @Test func aGuessALimitAndOnesOwnLockAreLikelyAtMost() {
        func deadlock(_ threads: [ThreadSnapshot]) -> Locks.Deadlock { WaitGraph(threads).deadlocks { _ in true }[0] }
        let guess = deadlock([Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 1, certainty: .likely)])
        #expect(guess.certainty == .likely && !guess.isTimed)
        let timed = deadlock([Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 1, isTimed: true)])
        #expect(timed.certainty == .likely && timed.isTimed)
        #expect(deadlock([Self.thread(1, waitsFor: 1)]).certainty == .likely)
    }

    @Test func theEdgesFollowTheCircle() {
        let graph = WaitGraph([
            Self.thread(2, waitsFor: 1, lock: 0x20, kind: .join), Self.thread(1, waitsFor: 2, lock: 0x10),
        ])
        #expect(
            graph.deadlocks { _ in true }[0].edges == [
                .init(waiter: 1, owner: 2, kind: .mutex, address: 0x10),
                .init(waiter: 2, owner: 1, kind: .join, address: 0x20),
            ])
    }

    @Test func queuesAreThoseOfOneLock() {
        var unowned = [Self.thread(5, waitsFor: 1, lock: 0x30), Self.thread(6, waitsFor: 1, lock: 0x30)]
        for index in unowned.indices { unowned[index].waitsFor?.owner = nil }
        let queues = WaitGraph(
            unowned + [
                Self.thread(1, waitsFor: 9, lock: 0x20), Self.thread(2, waitsFor: 9, lock: 0x10),
                Self.thread(3, waitsFor: 9, lock: 0x10), Self.thread(4, waitsFor: 9, lock: 0x10), Self.thread(9),
            ]
        ).queues()
        #expect(
            queues == [
                .init(kind: .mutex, address: 0x10, owner: 9, waiters: [2, 3, 4]),
                .init(kind: .mutex, address: 0x30, owner: nil, waiters: [5, 6]),
                .init(kind: .mutex, address: 0x20, owner: 9, waiters: [1]),
            ])
    }

    /// Whoever has its mutex now does not keep it waiting.
    @Test func whoWasRefusedALockIsInNoQueueForIt() {
        var threads = [1, 2, 3].map { Self.thread($0, waitsFor: 9, lock: 0x10) }
        threads[2].waitsFor = LockWait(kind: .mutex, address: 0x10, description: "", isRefused: true)
        #expect(WaitGraph(threads + [Self.thread(9)]).queues().map(\.waiters) == [[1, 2]])
    }

    // MARK: Verdicts

    private static func verdict(_ threads: [ThreadSnapshot]) -> Verdict {
        let graph = WaitGraph(threads)
        let locks = Locks(
            deadlocks: graph.deadlocks { _ in true }, queues: graph.queues(),
            isAsleepForEver: graph.onlyASignalCanWakeIt)
        return Verdict(locks: locks, threads: threads)
    }

    @Test func aDeadlockIsSaidInOneSentence() {
        let verdict = Self.verdict([
            Self.thread(1, waitsFor: 2), Self.thread(2, waitsFor: 1, lock: 0x20, kind: .join),
            Self.thread(3, waitsFor: 1),
        ])
        #expect(verdict.kind == .deadlock && verdict.threads == [1, 2])
        #expect(
            verdict.summary
                == #"DEADLOCK: thread 1 "t1" waits for the mutex 0x10 held by 2 "t2"; 2 "t2" waits for the end of 1 "t1". "#
                + "1 more thread waits behind them.")
    }

    @Test func aConvoyNamesWhoKeepsEverybody() {
        var reader = Self.thread(9)
        reader.state = .sleeping
        reader.syscall = "read"
        let verdict = Self.verdict(
            [Self.thread(8, waitsFor: 9, lock: 0x20), reader] + (1...3).map { Self.thread($0, waitsFor: 8) })
        #expect(verdict.kind == .lockConvoy && verdict.threads == [9, 1, 2, 3])
        #expect(
            verdict.summary
                == #"3 threads wait for the mutex 0x10 held by 8 "t8", behind 9 "t9", which is sleeping in read."#)
    }

    // MARK: Asleep for ever, or busy

    private static func sleeper(
        _ tid: Int32, _ kind: LockWait.Kind?, isTimed: Bool = false, syscall: String = "futex"
    ) -> ThreadSnapshot {
        ThreadSnapshot(
            tid: tid, name: "t\(tid)", state: .sleeping, capture: .noTouch, syscall: syscall,
            waitsFor: kind.map { LockWait(kind: $0, address: 1, description: "", isTimed: isTimed) })
    }

    @Test func whereEverybodyWaitsForAThreadOnlyASignalHelps() {
        let stuck = [Self.sleeper(1, .condition), Self.sleeper(2, .semaphore), Self.sleeper(3, nil, syscall: "pause")]
        #expect(WaitGraph(stuck).onlyASignalCanWakeIt)
        #expect(Self.verdict(stuck).kind == .none)
        #expect(Self.verdict(stuck).summary.hasPrefix("All 3 threads sleep in waits that another thread has to end"))
        var running = ThreadSnapshot(tid: 9, state: .running, capture: .signal)
        var elsewhere = Self.sleeper(9, .mutex)
        elsewhere.waitsFor?.ownerProcess = 77
        var shared = Self.sleeper(9, .semaphore)
        shared.waitsFor?.isProcessShared = true
        running.waitsFor = nil
        for awake in [
            running, elsewhere, shared, Self.sleeper(9, .condition, isTimed: true),
            Self.sleeper(9, .fd, syscall: "read"),
            Self.sleeper(9, nil, syscall: "epoll_wait"), Self.sleeper(9, .process, syscall: "wait4"),
            ThreadSnapshot(tid: 9, state: .sleeping, capture: .none),
        ] {
            #expect(!WaitGraph(stuck + [awake]).onlyASignalCanWakeIt)
        }
        // A program that waits for signals is healthy.
        #expect(!WaitGraph([Self.sleeper(1, nil, syscall: "pause")]).onlyASignalCanWakeIt)
        #expect(!WaitGraph([]).onlyASignalCanWakeIt)
    }

    @Test func aThreadThatNeverPausesIsNamed() {
        var busy = ThreadSnapshot(tid: 1, name: "spinner", state: .running, capture: .signal)
        busy.cpuPercent = 97
        var calm = ThreadSnapshot(tid: 2, name: "calm", state: .running, capture: .signal)
        calm.cpuPercent = 40
        let verdict = Self.verdict([busy, calm])
        #expect(verdict.kind == .none && verdict.threads == [1])
        #expect(verdict.summary.hasSuffix(#"Thread 1 "spinner" used a processor without a pause."#))
        #expect(Self.verdict([calm]) == Verdict())
    }

    @Test func twoWhoWaitAreNoConvoy() {
        #expect(Self.verdict([Self.thread(1, waitsFor: 9), Self.thread(2, waitsFor: 9), Self.thread(9)]).kind == .none)
    }
}
