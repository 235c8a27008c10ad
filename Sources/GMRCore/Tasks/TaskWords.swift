/// Sentences about tasks.
struct TaskWords {
    private let tasks: [UInt64: TaskSnapshot]
    private let threads: [Int32: ThreadSnapshot]
    private static let mostNames = 8

    init(tasks: [TaskSnapshot], threads: [ThreadSnapshot]) {
        self.tasks = tasks.byID
        self.threads = threads.byTID
    }

    /// `7 "request 17"`
    private func name(_ id: UInt64) -> String { "\(id)" + (tasks[id]?.name.map { " \"\($0)\"" } ?? "") }

    private func names(_ ids: [UInt64]) -> String {
        let shown = ids.prefix(Self.mostNames).map(name).joined(separator: ", ")
        return ids.count > Self.mostNames ? shown + " and \(ids.count - Self.mostNames) more" : shown
    }

    /// `task 7 "request 17" in thread 4712, in submit(_:) Orders.swift:12`
    private func place(_ id: UInt64) -> String {
        "task \(name(id))" + (tasks[id]?.thread.map { " in \(place(ofThread: $0))" } ?? "")
    }

    /// `thread 4712, in submit(_:) Orders.swift:12`
    private func place(ofThread tid: Int32) -> String {
        let frame = threads[tid]?.frames.first(where: \.hasLine).map { ", in \($0.place)" } ?? ""
        return "thread \(tid)\(frame)"
    }

    /// `DEADLOCK: task 7 "a" waits for task 8 "b"; task 8 "b" waits for task 7 "a".`
    func sentence(circle: TaskCircle) -> String {
        let opening = circle.certainty == .certain ? "DEADLOCK: " : "Most likely a deadlock: "
        let waits = circle.steps.indices.prefix(Self.mostNames).map { wait(of: $0, in: circle) }
        let more = circle.steps.count > Self.mostNames ? "; and so on, \(circle.steps.count) in all" : ""
        return opening + waits.joined(separator: "; ") + more + "."
    }

    /// `task 5 "holder" in thread 4712 waits for the dispatch semaphore 0x…, which task 9 "signaller" has`
    func wait(of index: Int, in circle: TaskCircle) -> String {
        let step = circle.steps[index]
        let next = circle.steps[(index + 1) % circle.steps.count]
        let goal: String
        switch step.wait {
        case .task(.task): goal = next == step ? "itself" : who(next)
        case .task(.group): goal = "the tasks of its group, among them \(who(next))"
        case .task(let kind) where step.task.flatMap({ tasks[$0]?.waitsFor?.actorType }) != nil:
            let type = step.task.flatMap { tasks[$0]?.waitsFor?.actorType } ?? ""
            goal = "the \(kind.rawValue) \(type), on which \(who(next)) is"
        case .task: goal = "a thread of Swift's pool, of which \(who(next)) blocks one"
        case .lock(let kind, _):
            let lock = step.thread.flatMap { threads[$0]?.waitsFor }
            let subject = lock?.subject ?? "the \(kind.words)"
            if lock?.owner == nil {
                goal = "\(subject), which \(who(next)) has"
            } else {
                goal = kind == .join ? "the end of \(who(next))" : "\(subject) held by \(who(next))"
            }
        }
        return (step.task == nil || step.thread == nil ? who(step) : "\(who(step)) in thread \(step.thread ?? 0)")
            + " waits for \(goal)"
    }

    /// `task 5 "holder"`, `thread 4712 "alpha"`
    private func who(_ step: TaskCircle.Step) -> String {
        if let task = step.task { return "task \(name(task))" }
        guard let tid = step.thread else { return "nobody" }
        return "thread \(tid)" + (threads[tid]?.name.map { " \"\($0)\"" } ?? "")
    }

    func sentence(pool: TaskHangs.Blockade) -> String {
        let waiters = pool.waiters.count == 1 ? "1 task waits" : "\(pool.waiters.count) tasks wait"
        let blockers = pool.blockers.prefix(Self.mostNames).map(place).joined(separator: "; ")
        let more = pool.blockers.count > Self.mostNames ? "; and \(pool.blockers.count - Self.mostNames) more" : ""
        return "POOL STARVED: every thread of Swift's pool that such tasks have is blocked, and \(waiters) for one: "
            + "\(names(pool.waiters)). "
            + "They are blocked by \(blockers)\(more)."
    }

    func sentence(mainActor: TaskHangs.Blockade) -> String {
        let waiters = mainActor.waiters.count == 1 ? "1 task waits" : "\(mainActor.waiters.count) tasks wait"
        return "MAIN ACTOR BLOCKED: \(waiters) for it: \(names(mainActor.waiters)). It is held by "
            + (mainActor.blockers.map(place) + [mainActor.thread].compactMap(\.self).map(place(ofThread:)))
            .joined(separator: ", ") + "."
    }
}
