/// Who cannot go on before whom, across tasks and threads.
///
/// Edges lead from one that waits to all who could end its wait: it is stuck where all of them are.
struct HangGraph {
    private enum Node: Hashable, Comparable {
        case thread(Int32)
        case task(UInt64)
    }

    private let tasks: [UInt64: TaskSnapshot]
    private let threads: [Int32: ThreadSnapshot]
    /// The tasks that threads run.
    private let running: [Int32: UInt64]
    private var wakers: [Node: [Node]] = [:]

    /// - Parameters:
    ///   - starved: Tasks that wait for a thread of the pool, and those that block all of its threads.
    ///   - holders: The tasks that have a semaphore or dispatch group, by its address.
    ///   - isUnmoved: Whether a thread has slept at the same place between two looks.
    init(
        tasks: [TaskSnapshot], threads: [ThreadSnapshot], starved: TaskHangs.Blockade?, holders: [UInt64: Set<UInt64>],
        isUnmoved: (Int32) -> Bool
    ) {
        self.tasks = Dictionary(tasks.map { ($0.id, $0) }) { first, _ in first }
        self.threads = threads.byTID
        running = Dictionary(tasks.compactMap { task in task.thread.map { ($0, task.id) } }) { first, _ in first }
        for thread in threads {
            let found = wakers(of: thread, holders: holders)
            if !found.isEmpty, thread.state == .sleeping, isUnmoved(thread.tid) { wakers[.thread(thread.tid)] = found }
        }
        let waiting = Set(starved?.waiters ?? [])
        for task in tasks {
            let isStarved = waiting.contains(task.id)
            let found = isStarved ? (starved?.blockers ?? []).map(Node.task) : wakers(of: task)
            if !found.isEmpty { wakers[.task(task.id)] = found }
        }
    }

    private static let signalled: Set<LockWait.Kind> = [.dispatchSemaphore, .dispatchGroup]

    private func wakers(of thread: ThreadSnapshot, holders: [UInt64: Set<UInt64>]) -> [Node] {
        guard let wait = thread.waitsFor, !wait.isTimed else { return [] }
        if let owner = wait.owner {
            let isKnown = wait.ownerProcess == nil && wait.certainty != .unknown && threads[owner] != nil
            return isKnown ? [.thread(owner)] : []
        }
        guard Self.signalled.contains(wait.kind), let address = wait.address else { return [] }
        // Others that wait for it too will not signal it before.
        return (holders[address] ?? []).filter { id in
            tasks[id]?.thread.flatMap { threads[$0]?.waitsFor?.address } != address
        }.sorted().map(Node.task)
    }

    private func wakers(of task: TaskSnapshot) -> [Node] {
        switch (task.state, task.waitsFor?.kind) {
        case (.running, _): task.thread.map { [.thread($0)] } ?? []
        case (.suspended, .task): task.waitsFor?.task.map { [.task($0)] } ?? []
        case (.suspended, .group): task.children.filter { tasks[$0]?.kind == .groupChild }.map(Node.task)
        case (.enqueued, .actor), (.enqueued, .executor): task.waitsFor?.heldByTask.map { [.task($0)] } ?? []
        default: []
        }
    }

    /// All who are stuck for good, as far as all wakers are known.
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

    /// Circles that go from threads to tasks, and back. Those of threads alone, or of tasks alone, are found otherwise.
    func circles() -> [TaskCircle] {
        let stuck = stuck()
        return Circles.all(from: stuck.sorted()) { node in wakers[node]?.first(where: stuck.contains) }
            .filter { circle in
                circle.indices.contains { index in
                    if case .thread = circle[index], case .task = circle[(index + 1) % circle.count] {
                        true
                    } else {
                        false
                    }
                }
            }
            .map { TaskCircle(certainty: .likely, steps: steps(of: $0)) }
    }

    /// A task and the thread that runs it are one.
    private func steps(of circle: [Node]) -> [TaskCircle.Step] {
        circle.indices.compactMap { index in
            switch circle[index] {
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
