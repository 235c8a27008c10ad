/// What is wrong with Swift tasks: circles, a pool without a free thread, a main actor that is held.
///
/// A task that is suspended stays so until what it waits for has come, so that a circle needs no second look: the last
/// one that was read was in it then, and the others could not have left it before. A blocked thread may go on the next
/// moment, and is looked at twice.
public struct TaskHangs: Sendable, Equatable {
    /// Tasks that wait for each other; then tasks and threads that do.
    public var circles: [TaskCircle]
    /// All threads of Swift's pool are blocked, and tasks wait for one.
    public var starvedPool: Blockade?
    /// Somebody blocks the main thread, and tasks wait for the main actor.
    public var blockedMainActor: Blockade?

    public struct Blockade: Sendable, Equatable {
        /// Tasks whose threads are blocked.
        public var blockers: [UInt64] = []
        /// The blocked thread, where it runs no task.
        public var thread: Int32?
        /// Tasks that cannot go on for it.
        public var waiters: [UInt64]
    }

    /// - Parameters:
    ///   - areTasksComplete: Every task of the process is among them.
    ///   - semaphores: Who has the semaphores, by the address that threads wait at for them.
    ///   - poolWidth: How many threads Swift's pool has at most.
    ///   - isUnmoved: Whether a thread has slept at the same place between two looks. Asked only where there seems to be
    ///     a hang.
    public init(
        tasks: [TaskSnapshot], threads: [ThreadSnapshot], areTasksComplete: Bool = true,
        semaphores: [UInt64: SemaphoreHolders] = [:], poolWidth: Int, isUnmoved: (Int32) -> Bool
    ) {
        circles = Self.circles(in: tasks)
        let byTID = threads.byTID
        func isBlocked(_ thread: ThreadSnapshot) -> Bool { thread.state == .sleeping && isUnmoved(thread.tid) }
        func isBlocked(_ task: TaskSnapshot) -> Bool { task.thread.flatMap { byTID[$0] }.map(isBlocked) ?? false }
        let running = tasks.filter { $0.state == .running }
        let queued = tasks.filter { $0.state == .enqueued && $0.waitsFor?.actorType == TaskWait.mainActor }
        let holder = queued.lazy.compactMap { $0.waitsFor?.heldByTask }.first.flatMap { id in
            running.first { $0.id == id }
        }
        // One whose thread is not known may be on any.
        let inPool = running.filter { task in
            task.id != holder?.id && (task.thread.flatMap { byTID[$0] }.map(Self.isOfPool) ?? true)
        }
        let starved = tasks.filter {
            $0.state == .enqueued && $0.waitsFor?.kind == .executor && $0.waitsFor?.actorType == nil
        }
        // Each priority has threads of its own.
        for priority in Set(starved.map(\.priority)).sorted() where starvedPool == nil {
            let blockers = inPool.filter { $0.priority == priority || $0.thread == nil }
            guard blockers.count >= poolWidth, blockers.allSatisfy(isBlocked) else { continue }
            let waiters = starved.filter { $0.priority == priority }
            starvedPool = Blockade(blockers: blockers.map(\.id), waiters: waiters.map(\.id))
        }
        if let holder, isBlocked(holder) {
            blockedMainActor = Blockade(blockers: [holder.id], waiters: queued.map(\.id))
        } else if let thread = queued.lazy.compactMap(\.waitsFor?.onlyThread).first,
            let drainer = byTID[thread], Self.drains(drainer), isBlocked(drainer)
        {
            blockedMainActor = Blockade(thread: thread, waiters: queued.map(\.id))
        }
        if areTasksComplete {
            let graph = HangGraph(tasks: tasks, threads: threads, starved: starvedPool, semaphores: semaphores)
            circles += graph.circles(isUnmoved: isUnmoved)
        }
    }

    public var isEmpty: Bool { circles.isEmpty && starvedPool == nil && blockedMainActor == nil }

    /// Swift's pool is libdispatch's global queues; executors of their own have serial queues, or other threads.
    private static func isOfPool(_ thread: ThreadSnapshot) -> Bool {
        let functions = thread.frames.lazy.compactMap(\.function)
        return functions.contains("_dispatch_worker_thread") && !functions.contains { $0.hasPrefix("_dispatch_lane_") }
    }

    /// It runs what is on a dispatch queue; a main thread that does something else may never do so.
    private static func drains(_ thread: ThreadSnapshot) -> Bool {
        let functions = ["_dispatch_lane_serial_drain", "_dispatch_main_queue_drain"]
        return thread.frames.contains { $0.function.map(functions.contains) == true }
    }

    private static func circles(in tasks: [TaskSnapshot]) -> [TaskCircle] {
        let next = Dictionary(
            tasks.compactMap { task in
                task.state == .suspended ? task.waitsFor?.task.map { (task.id, $0) } : nil
            }
        ) { first, _ in first }
        return Circles.all(from: next.keys.sorted()) { next[$0] }.map { circle in
            TaskCircle(certainty: .certain, steps: circle.map { TaskCircle.Step(task: $0, wait: .task(.task)) })
        }
    }
}

extension TaskWait {
    /// As `actorType` has it.
    public static let mainActor = "MainActor"
    /// The same of an executor that the task was given.
    public static let preferredExecutor = "preferred executor"
}

extension Verdict {
    /// That are spelled out.
    private static let mostCircles = 8

    /// Adds what is wrong with tasks; a crash, and a deadlock of threads, come first.
    public mutating func add(_ hangs: TaskHangs, tasks: [TaskSnapshot], threads: [ThreadSnapshot]) {
        guard !hangs.isEmpty else { return }
        let words = TaskWords(tasks: tasks, threads: threads)
        var sentences: [String] = []
        var kinds: [Kind] = []
        for circle in hangs.circles.prefix(Self.mostCircles) {
            sentences.append(words.sentence(circle: circle))
            kinds.append(.deadlock)
        }
        if let pool = hangs.starvedPool {
            sentences.append(words.sentence(pool: pool))
            kinds.append(.poolStarved)
        }
        if let actor = hangs.blockedMainActor {
            sentences.append(words.sentence(mainActor: actor))
            kinds.append(.mainActorBlocked)
        }
        let blockades = [hangs.starvedPool, hangs.blockedMainActor].compactMap(\.self)
        self.tasks = Set(hangs.circles.flatMap(\.tasks) + blockades.flatMap(\.blockers)).sorted()
        self.threads = Set(
            self.threads + hangs.circles.flatMap(\.threads) + blockades.compactMap(\.thread)
        ).sorted()
        let own = kind == .crash || kind == .deadlock ? [summary] : []
        summary = (own + sentences).joined(separator: " ")
        if own.isEmpty, let first = kinds.first { kind = first }
    }
}
