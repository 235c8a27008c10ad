/// What is wrong with Swift tasks: circles, a pool without a free thread, a main actor that is held.
///
/// A task that is suspended stays so until what it waits for has come, so that a circle needs no second look: the last
/// one that was read was in it then, and the others could not have left it before. A blocked thread may go on the next
/// moment, and is looked at twice.
public struct TaskHangs: Sendable, Equatable {
    /// Tasks that wait for each other, the smallest number first, each for the next one.
    public var circles: [[UInt64]]
    /// All threads of Swift's pool are blocked, and tasks wait for one.
    public var starvedPool: Blockade?
    /// Somebody blocks the main thread, and tasks wait for the main actor.
    public var blockedMainActor: Blockade?

    public struct Blockade: Sendable, Equatable {
        /// Tasks whose threads are blocked.
        public var blockers: [UInt64]
        /// Tasks that cannot go on for it.
        public var waiters: [UInt64]
    }

    /// - Parameters:
    ///   - poolWidth: How many threads Swift's pool has at most.
    ///   - isUnmoved: Whether a thread has slept at the same place between two looks. Asked only where there seems to be
    ///     a hang.
    public init(
        tasks: [TaskSnapshot], threads: [ThreadSnapshot], poolWidth: Int, isUnmoved: (Int32) -> Bool
    ) {
        circles = Self.circles(in: tasks)
        let threads = threads.byTID
        func isBlocked(_ task: TaskSnapshot) -> Bool {
            guard let thread = task.thread.flatMap({ threads[$0] }) else { return false }
            return thread.state == .sleeping && isUnmoved(thread.tid)
        }
        let running = tasks.filter { $0.state == .running }
        let queued = tasks.filter { $0.state == .enqueued && $0.waitsFor?.actorType == TaskWait.mainActor }
        let holder = queued.lazy.compactMap { $0.waitsFor?.heldByTask }.first.flatMap { id in
            running.first { $0.id == id }
        }
        // One whose thread is not known may be on any.
        let inPool = running.filter { task in
            task.id != holder?.id && (task.thread.flatMap { threads[$0] }.map(Self.isOfPool) ?? true)
        }
        let starved = tasks.filter { $0.waitsFor?.kind == .executor && $0.state == .enqueued }
        // Each priority has threads of its own.
        for priority in Set(starved.map(\.priority)).sorted() where starvedPool == nil {
            let blockers = inPool.filter { $0.priority == priority || $0.thread == nil }
            guard blockers.count >= poolWidth, blockers.allSatisfy(isBlocked) else { continue }
            let waiters = starved.filter { $0.priority == priority }
            starvedPool = Blockade(blockers: blockers.map(\.id), waiters: waiters.map(\.id))
        }
        if let holder, isBlocked(holder) {
            blockedMainActor = Blockade(blockers: [holder.id], waiters: queued.map(\.id))
        }
    }

    public var isEmpty: Bool { circles.isEmpty && starvedPool == nil && blockedMainActor == nil }

    /// Swift's pool is libdispatch's global queues; executors of their own have serial queues, or other threads.
    private static func isOfPool(_ thread: ThreadSnapshot) -> Bool {
        let functions = thread.frames.lazy.compactMap(\.function)
        return functions.contains("_dispatch_worker_thread") && !functions.contains { $0.hasPrefix("_dispatch_lane_") }
    }

    private static func circles(in tasks: [TaskSnapshot]) -> [[UInt64]] {
        let next = Dictionary(
            tasks.compactMap { task in
                task.state == .suspended ? task.waitsFor?.task.map { (task.id, $0) } : nil
            }
        ) { first, _ in first }
        return Circles.all(from: next.keys.sorted()) { next[$0] }
    }
}

extension TaskWait {
    /// As `actorType` has it.
    public static let mainActor = "MainActor"
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
        self.tasks = Set(hangs.circles.flatMap(\.self) + blockades.flatMap(\.blockers)).sorted()
        let own = kind == .crash || kind == .deadlock ? [summary] : []
        summary = (own + sentences).joined(separator: " ")
        if own.isEmpty, let first = kinds.first { kind = first }
    }
}

/// Sentences about tasks.
private struct TaskWords {
    private let tasks: [UInt64: TaskSnapshot]
    private let threads: [Int32: ThreadSnapshot]
    private static let mostNames = 8

    init(tasks: [TaskSnapshot], threads: [ThreadSnapshot]) {
        self.tasks = Dictionary(tasks.map { ($0.id, $0) }) { first, _ in first }
        self.threads = threads.byTID
    }

    /// `7 "request 17"`
    private func name(_ id: UInt64) -> String { "\(id)" + (tasks[id]?.name.map { " \"\($0)\"" } ?? "") }

    private func names(_ ids: [UInt64]) -> String {
        let shown = ids.prefix(Self.mostNames).map(name).joined(separator: ", ")
        return ids.count > Self.mostNames ? shown + " and \(ids.count - Self.mostNames) more" : shown
    }

    /// `7 "request 17" is blocked in thread 4712, in submit(_:) Orders.swift:12`
    private func place(_ id: UInt64) -> String {
        guard let tid = tasks[id]?.thread, let thread = threads[tid] else { return name(id) }
        let frame = thread.frames.first(where: \.hasLine).map { ", in \($0.place)" } ?? ""
        return "\(name(id)) in thread \(tid)\(frame)"
    }

    /// `DEADLOCK: task 7 "a" waits for task 8 "b"; task 8 "b" waits for task 7 "a".`
    func sentence(circle: [UInt64]) -> String {
        if circle.count == 1 { return "DEADLOCK: task \(name(circle[0])) waits for itself." }
        let waits = circle.indices.prefix(Self.mostNames).map { index in
            "task \(name(circle[index])) waits for task \(name(circle[(index + 1) % circle.count]))"
        }
        let more = circle.count > Self.mostNames ? "; and so on, \(circle.count) tasks in all" : ""
        return "DEADLOCK: " + waits.joined(separator: "; ") + more + "."
    }

    func sentence(pool: TaskHangs.Blockade) -> String {
        let waiters = pool.waiters.count == 1 ? "1 task waits" : "\(pool.waiters.count) tasks wait"
        let blockers = pool.blockers.prefix(Self.mostNames).map(place).joined(separator: "; ")
        let more = pool.blockers.count > Self.mostNames ? "; and \(pool.blockers.count - Self.mostNames) more" : ""
        return "POOL STARVED: every thread of Swift's pool that such tasks have is blocked, and \(waiters) for one: "
            + "\(names(pool.waiters)). "
            + "They are blocked by task \(blockers)\(more)."
    }

    func sentence(mainActor: TaskHangs.Blockade) -> String {
        let waiters = mainActor.waiters.count == 1 ? "1 task waits" : "\(mainActor.waiters.count) tasks wait"
        return "MAIN ACTOR BLOCKED: \(waiters) for it: \(names(mainActor.waiters)). It is held by task "
            + mainActor.blockers.map(place).joined(separator: ", ") + "."
    }
}
