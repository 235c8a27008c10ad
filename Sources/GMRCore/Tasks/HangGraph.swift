/// Who cannot go on before whom, across tasks and threads.
///
/// Edges lead from one that waits to all who could end its wait: it is stuck where all of them are. Where not all of
/// them are known there is no edge.
struct HangGraph {
    private enum Node: Hashable, Comparable {
        case thread(Int32)
        case task(UInt64)
        /// The threads of Swift's pool.
        case pool
    }

    private let tasks: [UInt64: TaskSnapshot]
    private let threads: [Int32: ThreadSnapshot]
    /// The tasks that threads run.
    private let running: [Int32: UInt64]
    /// By the address that they wait at.
    private let waiting: [UInt64: [Int32]]
    private var wakers: [Node: [Node]] = [:]

    /// - Parameter starved: Tasks that wait for a thread of the pool, and those that block all of its threads.
    init(
        tasks: [TaskSnapshot], threads: [ThreadSnapshot], starved: TaskHangs.Blockade?,
        semaphores: [UInt64: SemaphoreHolders]
    ) {
        self.tasks = tasks.byID
        self.threads = threads.byTID
        running = tasks.idsByThread
        waiting = Dictionary(grouping: threads.filter { $0.waitsFor?.address != nil }) { $0.waitsFor?.address ?? 0 }
            .mapValues { $0.map(\.tid) }
        for thread in threads where thread.state == .sleeping {
            wakers[.thread(thread.tid)] = wakers(of: thread, semaphores: semaphores)
        }
        let isStarved = Set(starved?.waiters ?? [])
        for task in tasks { wakers[.task(task.id)] = isStarved.contains(task.id) ? [.pool] : wakers(of: task) }
        wakers[.pool] = starved?.blockers.map(Node.task)
        wakers = wakers.filter { !$0.value.isEmpty }
    }

    // MARK: Edges

    private func wakers(of thread: ThreadSnapshot, semaphores: [UInt64: SemaphoreHolders]) -> [Node] {
        guard let wait = thread.waitsFor, !wait.isTimed else { return [] }
        if wait.owner != nil { return wait.owner(among: threads).map { [.thread($0)] } ?? [] }
        guard wait.kind == .dispatchSemaphore, let address = wait.address, let holders = semaphores[address] else {
            return []
        }
        return signallers(of: address, holders).sorted().map(Node.task)
    }

    /// The tasks that may be to signal a semaphore; none where somebody else has it too.
    private func signallers(of address: UInt64, _ holders: SemaphoreHolders) -> [UInt64] {
        let waiters = waiting[address] ?? []
        let stacks = waiters.count { running[$0].flatMap { holders.counts[$0] } == nil }
        guard let total = holders.referenceCount, total <= holders.counts.values.reduce(stacks, +) else { return [] }
        // Nor will those that wait for it too, or that only await those: they have it because they passed it on.
        return holders.counts.keys.filter { id in !waiters.contains { isBehind(id, thread: $0) } }
    }

    /// Whether a task runs on the thread, or awaits, directly or not, the one that does.
    private func isBehind(_ id: UInt64, thread: Int32) -> Bool {
        var seen: Set<UInt64> = []
        var current = tasks[id]
        while let task = current, seen.insert(task.id).inserted {
            if task.thread == thread { return true }
            current = task.state == .suspended ? task.waitsFor?.task.flatMap { tasks[$0] } : nil
        }
        return false
    }

    private func wakers(of task: TaskSnapshot) -> [Node] {
        switch (task.state, task.waitsFor?.kind) {
        case (.running, _): task.thread.map { [.thread($0)] } ?? []
        case (.suspended, .task): task.waitsFor?.task.map { [.task($0)] } ?? []
        case (.suspended, .group): children(ofGroupOf: task).map(Node.task)
        case (.enqueued, .actor), (.enqueued, .executor): holder(of: task.waitsFor).map { [$0] } ?? []
        default: []
        }
    }

    /// Who only seems to be on an actor may have left.
    private func holder(of wait: TaskWait?) -> Node? {
        if let only = wait?.onlyThread { return .thread(only) }
        return wait?.isHolderCertain == true ? wait?.heldByTask.map(Node.task) : nil
    }

    /// Any of them would wake it: one that is not known, too, or that ended while tasks were read.
    private func children(ofGroupOf task: TaskSnapshot) -> [UInt64] {
        let children = task.children.filter { tasks[$0]?.kind == .groupChild }
        return children.count == task.waitsFor?.childCount ? children : []
    }

    // MARK: Circles

    /// All who are stuck for good.
    private func stuck() -> Set<Node> {
        var waiters: [Node: [Node]] = [:]
        for (node, wakers) in wakers {
            for waker in wakers { waiters[waker, default: []].append(node) }
        }
        var stuck = Set(wakers.keys)
        // Whoever may go on may wake those who wait for it.
        var free = waiters.keys.filter { !stuck.contains($0) }
        while let node = free.popLast() {
            free += (waiters[node] ?? []).filter { stuck.remove($0) != nil }
        }
        return stuck
    }

    /// Those that go from threads to tasks and back, or over groups. Others of threads alone, or of tasks alone, are found
    /// otherwise.
    private func paths() -> [[Node]] {
        let stuck = stuck()
        return Circles.all(from: stuck.sorted()) { node in wakers[node]?.first(where: stuck.contains) }.filter {
            circle in
            circle.indices.contains { index in
                switch (circle[index], circle[(index + 1) % circle.count]) {
                case (.thread, .task): true
                case (.task(let id), .task): tasks[id]?.waitsFor?.kind == .group
                default: false
                }
            }
        }
    }

    /// - Parameter isUnmoved: Whether a thread has slept at the same place between two looks. Asked only where there
    ///   seems to be a circle.
    func circles(isUnmoved: (Int32) -> Bool) -> [TaskCircle] {
        guard !paths().isEmpty else { return [] }
        var still = self
        // One that was woken was signalled, and whoever did that may do it again.
        still.wakers = wakers.filter { node, _ in
            guard case .thread(let tid) = node else { return true }
            return (threads[tid]?.waitsFor?.address.flatMap { waiting[$0] } ?? [tid]).allSatisfy(isUnmoved)
        }
        return still.paths().map { TaskCircle(certainty: .likely, steps: steps(of: $0)) }
    }

    /// A task and the thread that runs it are one.
    private func steps(of circle: [Node]) -> [TaskCircle.Step] {
        circle.compactMap { node in
            switch node {
            case .pool: return nil
            case .task(let id):
                guard let task = tasks[id], task.state != .running, let wait = task.waitsFor else { return nil }
                return TaskCircle.Step(task: id, wait: .task(wait.kind))
            case .thread(let tid):
                guard let wait = threads[tid]?.waitsFor else { return nil }
                return TaskCircle.Step(
                    task: running[tid], thread: tid, wait: .lock(wait.kind, address: wait.address))
            }
        }
    }
}

/// Who is known to have a semaphore that was made to wait for something.
public struct SemaphoreHolders: Sendable, Equatable {
    /// By the number of the task: how many closures of it have the semaphore, and 1 for its own variables.
    public var counts: [UInt64: Int]
    /// All references to the semaphore there are; nil where that is not known.
    public var referenceCount: Int?

    public init(counts: [UInt64: Int] = [:], referenceCount: Int? = nil) {
        self.counts = counts
        self.referenceCount = referenceCount
    }
}
