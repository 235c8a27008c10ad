import Testing

@testable import GMRCore

/// Circles over semaphores, tasks and threads, and what only seems to be one.
@Suite struct HangGraphTests {
    private static let semaphore: UInt64 = 0x1000

    /// A thread that waits for the semaphore, and runs a task.
    private static func thread(_ tid: Int32, isTimed: Bool = false) -> ThreadSnapshot {
        var thread = ThreadSnapshot(tid: tid, state: .sleeping, capture: .noTouch)
        thread.waitsFor = LockWait(
            kind: .dispatchSemaphore, address: semaphore, description: "DispatchSemaphore", isTimed: isTimed)
        return thread
    }
    private static let holder = TaskSnapshot(id: 1, state: .running, thread: 10)
    private static func queued(_ id: UInt64, behind other: UInt64 = 1) -> TaskSnapshot {
        TaskSnapshot(
            id: id, state: .enqueued,
            waitsFor: TaskWait(kind: .actor, actorType: "Bank", heldByTask: other, isHolderCertain: true))
    }

    /// All of these have the semaphore once, and the thread that waits.
    private static func held(by holders: Set<UInt64>, references: Int? = nil) -> [UInt64: SemaphoreHolders] {
        let counts = Dictionary(holders.map { ($0, 1) }) { first, _ in first }
        return [semaphore: SemaphoreHolders(counts: counts, referenceCount: references ?? holders.count)]
    }

    private static func circles(
        _ tasks: [TaskSnapshot], threads: [ThreadSnapshot] = [thread(10)], holders: Set<UInt64>,
        references: Int? = nil, unmoved: Set<Int32> = [10]
    ) -> [TaskCircle] {
        TaskHangs(
            tasks: tasks, threads: threads, semaphores: held(by: holders, references: references), poolWidth: 4,
            isUnmoved: unmoved.contains
        ).circles
    }

    @Test func whoIsToSignalIsBehindWhoWaits() {
        let circles = Self.circles([Self.holder, Self.queued(2)], holders: [2])
        let wait = TaskCircle.Wait.lock(.dispatchSemaphore, address: Self.semaphore)
        #expect(
            circles == [
                TaskCircle(
                    certainty: .likely,
                    steps: [.init(task: 1, thread: 10, wait: wait), .init(task: 2, wait: .task(.actor))])
            ])
    }

    @Test func whoHasItItselfDoesNotCount() {
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [1]).isEmpty)
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [1, 2]).count == 1)
    }

    @Test func anotherOneMaySignal() {
        let free = TaskSnapshot(id: 3, state: .suspended, waitsFor: TaskWait(kind: .continuation))
        #expect(Self.circles([Self.holder, Self.queued(2), free], holders: [2, 3]).isEmpty)
        let stuck = Self.queued(3)
        #expect(Self.circles([Self.holder, Self.queued(2), stuck], holders: [2, 3]).count == 1)
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [2, 3]).isEmpty, "one that is not known")
    }

    @Test func aThreadThatMovesMayBeOutOfIt() {
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [2], unmoved: []).isEmpty)
        let timed = [Self.thread(10, isTimed: true)]
        #expect(Self.circles([Self.holder, Self.queued(2)], threads: timed, holders: [2]).isEmpty)
    }

    @Test func somebodyWhoIsNotKnownMaySignal() {
        #expect(
            Self.circles([Self.holder, Self.queued(2)], holders: [2], references: 2).count == 1, "the waiter's own")
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [2], references: 3).isEmpty)
        #expect(Self.circles([Self.holder, Self.queued(2)], holders: [1, 2], references: 3).isEmpty)
        var tasks = [Self.holder, Self.queued(2)]
        tasks[1].waitsFor?.isHolderCertain = false
        #expect(Self.circles(tasks, holders: [2]).isEmpty, "it may have left the actor")
    }

    /// It passed the semaphore on to the one that waits for it.
    @Test func aParentIsNoSignaller() {
        let parent = TaskSnapshot(id: 2, state: .suspended, waitsFor: TaskWait(kind: .task, task: 1))
        #expect(Self.circles([Self.holder, parent], holders: [1, 2]).isEmpty)
        #expect(Self.circles([Self.holder, parent, Self.queued(3)], holders: [1, 2, 3]).count == 1)
    }

    /// One that was woken was signalled.
    @Test func allThatWaitMustStand() {
        let threads = [Self.thread(10), Self.thread(11)]
        let tasks = [Self.holder, Self.queued(2)]
        #expect(Self.circles(tasks, threads: threads, holders: [2], unmoved: [10, 11]).count == 1)
        #expect(Self.circles(tasks, threads: threads, holders: [2], unmoved: [10]).isEmpty)
    }

    @Test func aStarvedPoolIsPartOfIt() {
        var worker = Self.thread(10)
        worker.frames = [Frame(address: 1, function: "_dispatch_worker_thread")]
        worker.task = 1
        let starved = TaskSnapshot(id: 2, state: .enqueued, waitsFor: TaskWait(kind: .executor))
        let hangs = TaskHangs(
            tasks: [Self.holder, starved], threads: [worker], semaphores: Self.held(by: [2]), poolWidth: 1,
            isUnmoved: { _ in true })
        #expect(hangs.circles.map(\.tasks) == [[1, 2]] && hangs.starvedPool != nil)
    }

    @Test func itGoesOverLocksToo() {
        var blocked = ThreadSnapshot(tid: 11, state: .sleeping, capture: .noTouch)
        blocked.waitsFor = LockWait(kind: .mutex, address: 0x2000, description: "", owner: 10, certainty: .certain)
        let second = TaskSnapshot(id: 2, state: .running, thread: 11)
        let third = Self.queued(3, behind: 2)
        let threads = [Self.thread(10), blocked]
        let circles = Self.circles([Self.holder, second, third], threads: threads, holders: [3], unmoved: [10, 11])
        #expect(circles.map(\.tasks) == [[1, 3, 2]])
        var verdict = Verdict()
        let hangs = TaskHangs(
            tasks: [Self.holder, second, third], threads: threads, semaphores: Self.held(by: [3]),
            poolWidth: 4, isUnmoved: { _ in true })
        verdict.add(hangs, tasks: [Self.holder, second, third], threads: threads)
        #expect(
            verdict.summary
                == "Most likely a deadlock: task 1 in thread 10 waits for the dispatch semaphore 0x1000, which task 3 has; "
                + "task 3 waits for the actor Bank, on which task 2 is; "
                + "task 2 in thread 11 waits for the mutex 0x2000 held by task 1.")
        #expect(verdict.kind == .deadlock && verdict.threads == [10, 11] && verdict.tasks == [1, 2, 3])
    }

    /// Any child would wake it.
    @Test func aGroupIsStuckWithAllOfItsChildren() {
        func group(of children: [UInt64]) -> TaskSnapshot {
            TaskSnapshot(id: 2, state: .suspended, children: children, waitsFor: TaskWait(kind: .group, childCount: 2))
        }
        var children = [Self.queued(3), Self.queued(4)]
        for index in children.indices { children[index].kind = .groupChild }
        let stuck = Self.circles([Self.holder, group(of: [3, 4])] + children, holders: [2])
        #expect(stuck.map(\.tasks) == [[1, 2, 3]])
        children[0].waitsFor = TaskWait(kind: .continuation)
        #expect(Self.circles([Self.holder, group(of: [3, 4])] + children, holders: [2]).isEmpty)
        // A child of another kind would not; one that ended while the others were read would have.
        children = [Self.queued(3), Self.queued(4), TaskSnapshot(id: 5, state: .suspended, kind: .asyncLet)]
        for index in 0..<2 { children[index].kind = .groupChild }
        #expect(Self.circles([Self.holder, group(of: [3, 4, 5])] + children, holders: [2]).count == 1)
        #expect(Self.circles([Self.holder, group(of: [3])] + children, holders: [2]).isEmpty)
    }

    /// Among those that are not known may be one that would.
    @Test func childrenThatAreNotKnownMayWakeTheirGroup() {
        let parent = TaskSnapshot(
            id: 1, state: .suspended, children: [2], waitsFor: TaskWait(kind: .group, childCount: 1))
        let child = TaskSnapshot(id: 2, state: .suspended, kind: .groupChild, waitsFor: TaskWait(kind: .task, task: 1))
        for areComplete in [true, false] {
            let hangs = TaskHangs(
                tasks: [parent, child], threads: [], areTasksComplete: areComplete, poolWidth: 1,
                isUnmoved: { _ in true })
            #expect(hangs.circles.map(\.tasks) == (areComplete ? [[1, 2]] : []))
            #expect(hangs.circles.allSatisfy { $0.certainty == .likely })
        }
    }

    @Test func theMainQueuesThreadMayRunNoTask() {
        let waiter = TaskSnapshot(
            id: 2, state: .enqueued,
            waitsFor: TaskWait(kind: .actor, actorType: TaskWait.mainActor, onlyThread: 10))
        var verdict = Verdict()
        for drains in [true, false] {
            var thread = Self.thread(10)
            thread.frames = [Frame(address: 1, function: drains ? "_dispatch_main_queue_drain" : "main")]
            let hangs = TaskHangs(
                tasks: [waiter], threads: [thread], semaphores: Self.held(by: [2]), poolWidth: 4,
                isUnmoved: { _ in true })
            #expect(hangs.circles.map(\.tasks) == [[2]] && hangs.circles.map(\.threads) == [[10]])
            #expect((hangs.blockedMainActor?.thread == 10) == drains)
            verdict = Verdict()
            verdict.add(hangs, tasks: [waiter], threads: [thread])
            #expect(verdict.threads == [10] && verdict.summary.contains("on which thread 10 is"))
            #expect(verdict.summary.contains("It is held by thread 10.") == drains)
        }
    }
}
