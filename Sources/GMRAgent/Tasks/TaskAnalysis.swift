import GMRCore
import Glibc

/// From single tasks to what they have to do with each other, and with threads.
struct TaskAnalysis {
    private(set) var tasks: [TaskSnapshot]
    /// Who has the semaphores, by the address that threads wait at for them; those alone of which all tasks are known.
    let semaphores: [UInt64: SemaphoreHolders]
    /// Every task of the process is among them.
    let areTasksComplete: Bool

    /// - Parameters:
    ///   - frames: Of each task of the process.
    ///   - origins: Of each task, the line that made it.
    ///   - threads: The same as those of the process, with frames.
    ///   - stacks: What is on the threads' stacks.
    init(
        _ process: CapturedProcess, frames: [[Frame]], origins: [Frame?], threads: [ThreadSnapshot],
        stacks: CaptureDecoder
    ) {
        let ids = Dictionary(process.tasks.map { ($0.address, $0.snapshot.id) }) { first, _ in first }
        let runners = Self.runners(in: process, threads: threads, stacks: stacks)
        let byTID = threads.byTID
        let certain = Set(process.threads.filter(\.isTaskCertain).map(\.snapshot.tid))
        var children: [UInt64: [UInt64]] = [:]
        for task in process.tasks {
            if let parent = Self.parent(of: task, ids) { children[parent, default: []].append(task.snapshot.id) }
        }
        tasks = zip(zip(process.tasks, frames), origins).map { known, origin in
            let (captured, frames) = known
            var task = captured.snapshot
            task.origin = origin
            task.parent = Self.parent(of: captured, ids)
            task.children = (children[task.id] ?? []).sorted()
            task.thread = runners[captured.address]
            task.frames = frames
            if task.state == .running {
                // Of one that has moved, its stack and its callers are of two moments.
                let thread = task.thread.flatMap { certain.contains($0) ? byTID[$0] : nil }
                task.frames = thread.map { Self.stack(on: $0, callers: task.frames) } ?? []
            }
            if task.kind == .task, frames.contains(where: Self.isMain) { task.kind = .main }
            task.waitsFor = captured.awaits.map {
                Self.wait(for: $0, prefersExecutor: captured.prefersExecutor, frames: frames, ids: ids)
            }
            return task
        }
        areTasksComplete = process.areTasksComplete
        semaphores = process.semaphores.compactMapValues { holders in
            let known = holders.counts.compactMap { address, count in ids[address].map { ($0, count) } }
            guard known.count == holders.counts.count else { return nil }
            return SemaphoreHolders(
                counts: Dictionary(known) { first, _ in first }, referenceCount: holders.referenceCount)
        }
        findHolders(process, threads: byTID, stacks: stacks)
        // One that the runtime makes to wake a sleeper.
        tasks.removeAll { $0.isNew && $0.state == .suspended && $0.frames.contains(where: Self.isSleep) }
        // Longest waiting first, as far as that is known: of others, those that were made first.
        tasks.sort { ($1.unchangedNanoseconds ?? 0, $0.id) < ($0.unchangedNanoseconds ?? 0, $1.id) }
    }

    /// One that was made before: by now there may be another task at the address of one that has ended.
    private static func parent(of task: CapturedTask, _ ids: [UInt64: UInt64]) -> UInt64? {
        ids[task.parent].flatMap { $0 < task.snapshot.id ? $0 : nil }
    }

    // MARK: Threads

    /// By the runtime's own variable; of a thread that has gone on since its stack was copied, where that says so too:
    /// the code that runs tasks had its address. Where that variable was not found, by the stacks alone: who runs a task
    /// has its address there, but so may one whose task knows that task; where it could be two, nobody is named.
    private static func runners(
        in process: CapturedProcess, threads: [ThreadSnapshot], stacks: CaptureDecoder
    ) -> [UInt64: Int32] {
        let running = Set(process.tasks.filter { $0.snapshot.state == .running }.map(\.address))
        let told = zip(process.threads, threads).filter { $0.0.task.map(running.contains) == true }
        if !told.isEmpty {
            return Dictionary(grouping: told) { $0.0.task ?? 0 }.compactMapValues { claims in
                guard claims.count == 1, let (captured, thread) = claims.first else { return nil }
                return captured.isTaskCertain || ran(captured, thread, stacks: stacks) ? thread.tid : nil
            }
        }
        let runsJobs = Set(threads.filter { $0.frames.contains(where: isJobRunner) }.map(\.tid))
        let runners = stacks.threads(with: running).mapValues { $0.intersection(runsJobs) }.compactMapValues {
            $0.count == 1 ? $0.first : nil
        }
        let counts = Dictionary(grouping: runners.values) { $0 }.mapValues(\.count)
        return runners.filter { counts[$0.value] == 1 }
    }

    /// Whether the thread ran its task when its stack was copied.
    private static func ran(_ captured: CapturedThread, _ thread: ThreadSnapshot, stacks: CaptureDecoder) -> Bool {
        guard let task = captured.task, let runner = thread.frames.first(where: isJobRunner),
            let index = captured.frames.firstIndex(where: { $0.address == runner.address })
        else { return false }
        return stacks.frames(of: thread.tid, with: task).contains { $0 >= index }
    }

    /// What the thread has called for the task, and the functions that wait for the outermost of it.
    private static func stack(on thread: ThreadSnapshot, callers: [Frame]) -> [Frame] {
        guard let end = thread.frames.firstIndex(where: isJobRunner) else { return [] }
        return thread.frames[..<end] + callers
    }

    private static func isJobRunner(_ frame: Frame) -> Bool {
        guard let name = frame.mangled ?? frame.function else { return false }
        return name.hasPrefix("swift_job_run") || name.contains("runJobInEstablishedExecutorContext")
            || name.hasPrefix("swift_task_asyncMainDrainQueue")
    }

    // MARK: Waits

    private static func wait(
        for awaited: CapturedTask.Awaited, prefersExecutor: Bool, frames: [Frame], ids: [UInt64: UInt64]
    ) -> TaskWait {
        switch awaited {
        case .task(let address, let id): return TaskWait(kind: .task, task: ids[address] == id ? id : nil)
        case .group(let count): return TaskWait(kind: .group, childCount: Int(clamping: count))
        case .continuation: return TaskWait(kind: frames.contains(where: isSleep) ? .sleep : .continuation)
        case .executor(0, _, _):
            return TaskWait(kind: .executor, actorType: prefersExecutor ? TaskWait.preferredExecutor : nil)
        case .executor(_, "Swift.DispatchMainExecutor", _):
            return TaskWait(kind: .actor, actorType: TaskWait.mainActor)
        case .executor(let address, let type, let isActor):
            return TaskWait(kind: isActor ? .actor : .executor, actorType: type ?? address.hexadecimal)
        }
    }

    /// By the runtime's own variable; where that was not found, who is on an actor has its address on the stack of the
    /// thread, and on the main actor is whoever runs there. Where no task is, only the thread that libdispatch's
    /// main queue names may run what is on the main actor.
    private mutating func findHolders(
        _ process: CapturedProcess, threads: [Int32: ThreadSnapshot], stacks: CaptureDecoder
    ) {
        guard tasks.contains(where: { $0.waitsFor?.actorType != nil }) else { return }
        /// One that waits for its turn on the main queue knows the queue too.
        func drains(_ tid: Int32) -> Bool {
            let functions = threads[tid]?.frames.compactMap(\.function) ?? []
            return functions.contains("_dispatch_lane_serial_drain")
                && !functions.contains { $0.hasPrefix("_dispatch_sync") || $0.hasPrefix("__DISPATCH_WAIT") }
        }
        let running = tasks.idsByThread
        var actors: [UInt64: UInt64] = [:]
        for task in process.tasks {
            if case .executor(let actor, _, _)? = task.awaits, actor != 0 { actors[task.snapshot.id] = actor }
        }
        var told: [UInt64: Set<Int32>] = [:]
        for thread in process.threads where running[thread.snapshot.tid] != nil {
            if let executor = thread.executor { told[executor, default: []].insert(thread.snapshot.tid) }
        }
        let isTold = process.threads.contains { $0.task != nil }
        let queue: Set<UInt64> = process.mainQueue == 0 ? [] : [process.mainQueue]
        let places =
            isTold
            ? [:] : stacks.threads(with: Set(actors.values).union(queue)).mapValues { $0.filter { running[$0] != nil } }
        let onMain: Set<Int32> =
            running[process.pid] != nil ? [process.pid] : (places[process.mainQueue] ?? []).filter(drains)
        for index in tasks.indices where tasks[index].waitsFor?.actorType != nil {
            guard let actor = actors[tasks[index].id] else { continue }
            let isMain = tasks[index].waitsFor?.actorType == TaskWait.mainActor
            let holders = isTold ? told[actor] ?? [] : isMain ? onMain : places[actor] ?? []
            if holders.count == 1, let thread = holders.first, let task = running[thread] {
                tasks[index].waitsFor?.heldByThread = thread
                tasks[index].waitsFor?.heldByTask = task
                tasks[index].waitsFor?.isHolderCertain = isTold
            } else if isMain, let drainer = process.mainQueueDrainer, threads[drainer] != nil, running[drainer] == nil {
                tasks[index].waitsFor?.onlyThread = drainer
            }
        }
    }

    /// `static Task<>.sleep(…)`, and what it is made of.
    private static func isSleep(_ frame: Frame) -> Bool {
        guard let name = frame.mangled, name.hasPrefix("$sScT") else { return false }
        return has("5sleep", in: name) || has("6_sleep", in: name)
    }

    // MARK: Frames

    /// The function that an async `main` begins with, and its parts.
    private static func isMain(_ frame: Frame) -> Bool {
        let name = frame.mangled ?? frame.function ?? ""
        return name.hasPrefix("async_Main") || has("async_MainT", in: name)
    }

    /// Asked for each frame of each task, which may be 100,000: `String.contains` took two thirds of a report.
    private static func has(_ part: String, in name: String) -> Bool {
        name.withCString { name in part.withCString { strstr(name, $0) != nil } }
    }
}
