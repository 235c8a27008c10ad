import GMRCore

/// From single tasks to what they have to do with each other, and with threads.
struct TaskAnalysis {
    private(set) var tasks: [TaskSnapshot]

    /// - Parameters:
    ///   - frames: Of each task.
    ///   - main: The main thread, and the address of the main queue, which another thread may drain.
    ///   - threadsWith: Which threads have one of these words on their stacks.
    init(
        _ captured: [CapturedTask], frames: [[Frame]], threads: [ThreadSnapshot], main: (thread: Int32, queue: UInt64),
        threadsWith: (Set<UInt64>) -> [UInt64: Set<Int32>]
    ) {
        let ids = Dictionary(captured.map { ($0.address, $0.snapshot.id) }) { first, _ in first }
        let runners = Self.runners(of: captured, threads: threads, threadsWith: threadsWith)
        var children: [UInt64: [UInt64]] = [:]
        for task in captured {
            if let parent = ids[task.parent] { children[parent, default: []].append(task.snapshot.id) }
        }
        tasks = zip(captured, frames).map { captured, frames in
            var task = captured.snapshot
            task.frames = frames.map(Self.asyncFrame)
            task.parent = ids[captured.parent]
            task.children = (children[task.id] ?? []).sorted()
            task.thread = runners[captured.address]
            if task.kind == .task, frames.last.map(Self.isMain) == true { task.kind = .main }
            task.waitsFor = captured.awaits.map { Self.wait(for: $0, frames: frames, ids: ids) }
            return task
        }
        findHolders(captured, main: main, threads: threads, threadsWith: threadsWith)
        // One that the runtime makes to wake a sleeper.
        tasks.removeAll { $0.isNew && $0.state == .suspended && $0.frames.contains(where: Self.isSleep) }
        tasks.sort { $0.id < $1.id }
    }

    // MARK: Threads

    /// The numbers of those that run, as far as their threads are known.
    var tasksByThread: [Int32: UInt64] {
        Dictionary(tasks.compactMap { task in task.thread.map { ($0, task.id) } }) { first, _ in first }
    }

    /// A thread that runs a task has the task's address on its stack. So may one whose task knows that task: where two
    /// tasks seem to run on one thread, or one on two, nobody is named.
    private static func runners(
        of captured: [CapturedTask], threads: [ThreadSnapshot],
        threadsWith: (Set<UInt64>) -> [UInt64: Set<Int32>]
    ) -> [UInt64: Int32] {
        let running = captured.filter { $0.snapshot.state == .running }.map(\.address)
        let runsJobs = Set(threads.filter { $0.frames.contains(where: isJobRunner) }.map(\.tid))
        let candidates = threadsWith(Set(running)).mapValues { $0.intersection(runsJobs) }
        let runners = candidates.compactMapValues { $0.count == 1 ? $0.first : nil }
        let counts = Dictionary(grouping: runners.values) { $0 }.mapValues(\.count)
        return runners.filter { counts[$0.value] == 1 }
    }

    private static func isJobRunner(_ frame: Frame) -> Bool {
        guard let name = frame.mangled ?? frame.function else { return false }
        return name.hasPrefix("swift_job_run") || name.contains("runJobInEstablishedExecutorContext")
            || name.hasPrefix("swift_task_asyncMainDrainQueue")
    }

    // MARK: Waits

    private static func wait(
        for awaited: CapturedTask.Awaited, frames: [Frame], ids: [UInt64: UInt64]
    ) -> TaskWait {
        switch awaited {
        case .task(let address, let id): return TaskWait(kind: .task, task: ids[address] == id ? id : nil)
        case .group: return TaskWait(kind: .group)
        case .continuation: return TaskWait(kind: frames.contains(where: isSleep) ? .sleep : .continuation)
        case .executor(0, _): return TaskWait(kind: .executor)
        case .executor(_, "Swift.DispatchMainExecutor"): return TaskWait(kind: .actor, actorType: TaskWait.mainActor)
        case .executor(_, let type): return TaskWait(kind: type == nil ? .executor : .actor, actorType: type)
        }
    }

    /// Who is on an actor has its address on the stack of the thread; on the main actor is whoever runs there.
    private mutating func findHolders(
        _ captured: [CapturedTask], main: (thread: Int32, queue: UInt64), threads: [ThreadSnapshot],
        threadsWith: (Set<UInt64>) -> [UInt64: Set<Int32>]
    ) {
        guard tasks.contains(where: { $0.waitsFor?.kind == .actor }) else { return }
        let byTID = threads.byTID
        /// One that waits for its turn on the main queue knows the queue too.
        func drains(_ tid: Int32) -> Bool {
            let functions = byTID[tid]?.frames.compactMap(\.function) ?? []
            return functions.contains("_dispatch_lane_serial_drain")
                && !functions.contains { $0.hasPrefix("_dispatch_sync") || $0.hasPrefix("__DISPATCH_WAIT") }
        }
        let running = tasksByThread
        var actors: [UInt64: UInt64] = [:]
        for task in captured {
            if case .executor(let actor, _)? = task.awaits, actor != 0 { actors[task.snapshot.id] = actor }
        }
        let queue: Set<UInt64> = main.queue == 0 ? [] : [main.queue]
        let places = threadsWith(Set(actors.values).union(queue)).mapValues { $0.filter { running[$0] != nil } }
        let onMain: Set<Int32> = running[main.thread] != nil ? [main.thread] : (places[main.queue] ?? []).filter(drains)
        for index in tasks.indices where tasks[index].waitsFor?.kind == .actor {
            guard let actor = actors[tasks[index].id] else { continue }
            let isMain = tasks[index].waitsFor?.actorType == TaskWait.mainActor
            let threads = isMain ? onMain : places[actor] ?? []
            guard threads.count == 1, let thread = threads.first, let task = running[thread] else { continue }
            tasks[index].waitsFor?.heldByThread = thread
            tasks[index].waitsFor?.heldByTask = task
        }
    }

    /// `static Task<>.sleep(…)`, and what it is made of.
    private static func isSleep(_ frame: Frame) -> Bool {
        guard let name = frame.mangled, name.hasPrefix("$sScT") else { return false }
        return name.contains("5sleep") || name.contains("6_sleep")
    }

    // MARK: Frames

    /// The parts that an async function is cut into have names of their own, which say nothing to people.
    private static func asyncFrame(_ frame: Frame) -> Frame {
        var frame = frame
        frame.isAsync = true
        guard let function = frame.function, function.hasPrefix("("),
            let part = function.firstRange(of: " function for ")
        else { return frame }
        frame.function = String(function[part.upperBound...])
        return frame
    }

    /// The function that an async `main` begins with.
    private static func isMain(_ frame: Frame) -> Bool {
        frame.mangled.map { $0.hasPrefix("async_Main") || $0.contains("async_MainT") } ?? false
            || frame.function == "async_Main"
    }
}
