import Testing

@testable import GMRCore

/// Which tasks hang, and which only seem to.
@Suite struct TaskHangsTests {
    private static func suspended(_ id: UInt64, waitingFor other: UInt64?) -> TaskSnapshot {
        TaskSnapshot(id: id, state: .suspended, waitsFor: TaskWait(kind: .task, task: other))
    }

    private static func worker(_ tid: Int32, runs task: UInt64, functions: [String] = ["_dispatch_worker_thread"])
        -> (ThreadSnapshot, TaskSnapshot)
    {
        var thread = ThreadSnapshot(tid: tid, state: .sleeping, capture: .noTouch)
        thread.frames = functions.map { Frame(address: 1, function: $0) }
        thread.task = task
        return (thread, TaskSnapshot(id: task, state: .running, thread: tid))
    }

    private static let starved = TaskSnapshot(id: 9, state: .enqueued, waitsFor: TaskWait(kind: .executor))

    private static func hangs(
        _ workers: [(ThreadSnapshot, TaskSnapshot)], others: [TaskSnapshot], poolWidth: Int = 2,
        unmoved: Set<Int32>
    ) -> TaskHangs {
        TaskHangs(
            tasks: workers.map(\.1) + others, threads: workers.map(\.0), poolWidth: poolWidth,
            isUnmoved: unmoved.contains)
    }

    @Test func circlesAreFoundOnce() {
        let tasks = [
            Self.suspended(1, waitingFor: 3), Self.suspended(2, waitingFor: 1), Self.suspended(3, waitingFor: 2),
            Self.suspended(4, waitingFor: 1), Self.suspended(5, waitingFor: 5), Self.suspended(6, waitingFor: nil),
        ]
        let hangs = TaskHangs(tasks: tasks, threads: [], poolWidth: 2) { _ in false }
        #expect(hangs.circles.map(\.tasks) == [[1, 3, 2], [5]])
        #expect(hangs.circles.allSatisfy { $0.certainty == .certain })
        var verdict = Verdict()
        verdict.add(hangs, tasks: tasks, threads: [])
        #expect(verdict.kind == .deadlock && verdict.tasks == [1, 2, 3, 5])
        #expect(
            verdict.summary == "DEADLOCK: task 1 waits for task 3; task 3 waits for task 2; task 2 waits for task 1. "
                + "DEADLOCK: task 5 waits for itself.")
    }

    /// One that runs by now has come out of it.
    @Test func whoRunsIsInNoCircle() {
        var running = Self.suspended(2, waitingFor: 1)
        running.state = .enqueued
        let hangs = TaskHangs(tasks: [Self.suspended(1, waitingFor: 2), running], threads: [], poolWidth: 1) { _ in true
        }
        #expect(hangs.isEmpty)
    }

    @Test func aPoolWhoseThreadsAreAllBlockedIsStarved() {
        let workers = [Self.worker(10, runs: 1), Self.worker(11, runs: 2)]
        let hangs = Self.hangs(workers, others: [Self.starved], unmoved: [10, 11])
        #expect(hangs.starvedPool == TaskHangs.Blockade(blockers: [1, 2], waiters: [9]))
    }

    @Test func aPoolThatWorksIsNot() {
        let workers = [Self.worker(10, runs: 1), Self.worker(11, runs: 2)]
        #expect(Self.hangs(workers, others: [Self.starved], unmoved: [10]).isEmpty, "one went on")
        #expect(Self.hangs(workers, others: [], unmoved: [10, 11]).isEmpty, "nobody waits")
        #expect(Self.hangs(workers, others: [Self.starved], poolWidth: 3, unmoved: [10, 11]).isEmpty, "one is free")
        let serial = Self.worker(11, runs: 2, functions: ["_dispatch_lane_invoke", "_dispatch_worker_thread"])
        #expect(
            Self.hangs([workers[0], serial], others: [Self.starved], unmoved: [10, 11]).isEmpty, "not of the pool")
        let own = Self.worker(11, runs: 2, functions: ["NIOThread.run()"])
        #expect(Self.hangs([workers[0], own], others: [Self.starved], unmoved: [10, 11]).isEmpty, "not of the pool")
        var other = workers[1]
        other.1.priority = "background"
        #expect(
            Self.hangs([workers[0], other], others: [Self.starved], unmoved: [10, 11]).isEmpty, "of another priority")
        let unknown = TaskSnapshot(id: 3, state: .running)
        #expect(Self.hangs(workers, others: [Self.starved, unknown], unmoved: [10, 11]).isEmpty, "it may be free")
    }

    @Test func aMainActorIsBlockedByWhoHasIt() {
        let holder = Self.worker(1, runs: 1, functions: ["main"])
        let wait = TaskWait(kind: .actor, actorType: TaskWait.mainActor, heldByTask: 1, heldByThread: 1)
        let updater = TaskSnapshot(id: 2, state: .enqueued, waitsFor: wait)
        let hangs = Self.hangs([holder], others: [updater], unmoved: [1])
        #expect(hangs.blockedMainActor == TaskHangs.Blockade(blockers: [1], waiters: [2]))
        #expect(Self.hangs([holder], others: [updater], unmoved: []).isEmpty)
    }

    @Test func aDeadlockOfThreadsComesFirst() {
        let tasks = [Self.suspended(5, waitingFor: 5)]
        let hangs = TaskHangs(tasks: tasks, threads: [], poolWidth: 2) { _ in false }
        var verdict = Verdict(kind: .deadlock, summary: "DEADLOCK: thread 1.", threads: [1])
        verdict.add(hangs, tasks: tasks, threads: [])
        #expect(verdict.summary == "DEADLOCK: thread 1. DEADLOCK: task 5 waits for itself.")
        #expect(verdict.threads == [1] && verdict.tasks == [5])
    }
}
