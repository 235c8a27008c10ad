import CUnwindShim
import GMRCore

/// Reads the arena's table of tasks. Trusts no number in it.
struct TaskDecoder {
    private let arena: UnsafeMutablePointer<gmr_arena_header_t>
    /// Of task-local values; empty: none has that number.
    private let localNames: [String]
    private let trust: TaskTrust

    // JobFlags and ActiveTaskStatus, as swift/ABI/MetadataValues.h and TaskPrivate.h have them.
    private static let isChild: UInt32 = 1 << 24
    private static let isGroupChild: UInt32 = 1 << 26
    private static let isAsyncLet: UInt32 = 1 << 28
    private static let hasExecutor: UInt32 = 1 << 29
    private static let prefersExecutor: UInt32 = 0x8000
    static let isCancelled: UInt32 = 0x100
    static let runs = UInt32(GMR_TASK_STATUS_RUNS)
    static let isEnqueued: UInt32 = 0x1000

    init(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
        self.arena = arena
        localNames = withUnsafeBytes(of: arena.pointee.task_local_names) { names in
            stride(from: 0, to: names.count, by: Int(GMR_TASK_LOCAL_NAME_BYTES)).map { start in
                let name = names[start..<start + Int(GMR_TASK_LOCAL_NAME_BYTES)].prefix { $0 != 0 }
                return PrintableText.string(fromUntrusted: Array(name))
            }
        }
        trust = Self.trust(in: arena)
    }

    func tasks() -> [CapturedTask] {
        let count = Int(min(arena.pointee.task_count, GMR_TASK_CAPACITY))
        guard count > 0, let table = gmr_arena_tasks(arena) else { return [] }
        var budget = Budget(
            frames: min(arena.pointee.task_frame_count, GMR_TASK_FRAME_CAPACITY),
            text: min(arena.pointee.task_text_bytes, GMR_TASK_TEXT_CAPACITY_BYTES))
        // Where a file ends too early there is nothing.
        return UnsafeBufferPointer(start: table, count: count).filter { $0.address != 0 }.compactMap {
            trust.checked(task($0, &budget))
        }
    }

    private static func trust(in arena: UnsafeMutablePointer<gmr_arena_header_t>) -> TaskTrust {
        let count = Int(min(arena.pointee.task_count, GMR_TASK_CAPACITY))
        let probes = withUnsafeBytes(of: arena.pointee.task_probes) { Array($0.bindMemory(to: gmr_task_probe_t.self)) }
        var budget = Budget(frames: 0, text: UInt32(GMR_TASK_MOST_TEXT_BYTES))
        return TaskTrust(
            probes: probes, tasks: UnsafeBufferPointer(start: gmr_arena_tasks(arena), count: count),
            hasRoom: hasRoomForText(in: arena)
        ) {
            text(in: arena, at: $0.name_offset, count: $0.name_bytes, &budget)
        }
    }

    private static func hasRoomForText(in arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Bool {
        arena.pointee.task_text_bytes <= GMR_TASK_TEXT_CAPACITY_BYTES - UInt32(GMR_TASK_MOST_TEXT_BYTES)
    }

    /// Every task was found, and stood still while it was read or runs.
    var areComplete: Bool { arena.pointee.task_references_cut == 0 && !trust.isOneMissing }

    /// What all tasks together can have: damaged numbers may have them share it.
    private struct Budget {
        var frames: UInt32
        var text: UInt32

        static func take(_ count: UInt32, atMost limit: UInt32, of left: inout UInt32) -> Int {
            let taken = min(count, limit, left)
            left -= taken
            return Int(taken)
        }
    }

    /// What is missing, one line each.
    var gaps: [String] {
        let header = arena.pointee
        var gaps: [String] = []
        switch Int(header.task_state) {
        case GMR_TASKS_STRANGE:
            gaps.append("Swift tasks: this version of the Swift runtime is not known; none was read")
        case GMR_TASKS_CUT:
            gaps.append(
                "Swift tasks: the search ended after \(header.tasks_searched_bytes >> 20) MiB, for time was over; "
                    + "there may be more; GMR_TASK_SEARCH_MS gives it longer")
        case GMR_TASKS_BLIND:
            gaps.append(
                "Swift tasks: the process could not search all of its memory, as without /proc; "
                    + "GMR_HELPER_STANDBY=1 has a helper do it")
        default: break
        }
        let count = Int(min(header.task_count, GMR_TASK_CAPACITY))
        let moved = UnsafeBufferPointer(start: gmr_arena_tasks(arena), count: count).count {
            $0.flags & UInt32(GMR_TASK_MOVED) != 0
        }
        if header.task_state == GMR_TASKS_READ, header.tasks_dropped == 0 { gaps += trust.gaps }
        if moved > 0 { gaps.append("Swift tasks: \(moved) went on each time they were read, and have no stack") }
        if header.task_references_cut != 0 && header.task_semaphores > 0 {
            gaps.append(
                "Swift tasks: who has the semaphores that threads wait for is not known of all tasks; "
                    + "a deadlock over them may be missing")
        }
        if !Self.hasRoomForText(in: arena) {
            gaps.append("Swift tasks: their names and values did not all fit the table")
        }
        if header.tasks_dropped > 0 { gaps.append("Swift tasks: \(header.tasks_dropped) more did not fit the table") }
        return gaps
    }

    /// Who has the semaphores that threads wait for; tasks by their addresses.
    var semaphores: [UInt64: SemaphoreHolders] {
        let count = Int(min(arena.pointee.task_reference_count, UInt32(GMR_TASK_REFERENCE_CAPACITY)))
        guard count > 0, arena.pointee.task_references_cut == 0, let table = gmr_arena_task_references(arena) else {
            return [:]
        }
        return UnsafeBufferPointer(start: table, count: count).reduce(into: [:]) { semaphores, reference in
            var holders = semaphores[reference.futex] ?? SemaphoreHolders(referenceCount: 0)
            holders.counts[reference.task] = Int(reference.count)
            let isKnown = reference.strong_count != .max && holders.referenceCount != nil
            holders.referenceCount = isKnown ? max(holders.referenceCount ?? 0, Int(reference.strong_count)) : nil
            semaphores[reference.futex] = holders
        }
    }

    var nanoseconds: UInt64? { arena.pointee.tasks_ns == 0 ? nil : arena.pointee.tasks_ns }

    private func task(_ task: gmr_task_t, _ budget: inout Budget) -> CapturedTask {
        func isSet(_ flag: UInt32, in flags: UInt32) -> Bool { flags & flag != 0 }
        let state: TaskSnapshot.State =
            isSet(Self.runs, in: task.status_flags)
            ? .running
            // The runtime says so in two places, one after the other.
            : isSet(Self.isEnqueued, in: task.status_flags) || Int(task.awaited_kind) == GMR_AWAITS_EXECUTOR
                ? .enqueued : .suspended
        let kind: TaskSnapshot.Kind =
            isSet(Self.isAsyncLet, in: task.job_flags)
            ? .asyncLet
            : isSet(Self.isGroupChild, in: task.job_flags)
                ? .groupChild : isSet(Self.isChild, in: task.job_flags) ? .child : .task
        let name = Self.text(in: arena, at: task.name_offset, count: task.name_bytes, &budget)
        let now = arena.pointee.monotonic_ns
        let isBorn = (1...max(now, 1)).contains(task.born_ns)
        let wasSeen = task.since_ns != 0 && task.since_ns < now
        let snapshot = TaskSnapshot(
            id: task.id, name: name.isEmpty ? nil : name, state: state, kind: kind,
            priority: Self.name(ofPriority: task.status_flags & 0xff),
            isCancelled: isSet(Self.isCancelled, in: task.status_flags),
            isNew: isSet(UInt32(GMR_TASK_NEW), in: task.flags),
            areFramesCut: isSet(UInt32(GMR_TASK_FRAMES_CUT), in: task.flags), locals: locals(of: task, &budget),
            ageNanoseconds: isBorn ? now - task.born_ns : nil,
            unchangedNanoseconds: wasSeen ? now - task.since_ns : nil)
        return CapturedTask(
            snapshot: snapshot, address: task.address,
            prefersExecutor: isSet(Self.hasExecutor, in: task.job_flags)
                || isSet(Self.prefersExecutor, in: task.status_flags),
            parent: task.parent, awaits: awaited(by: task, &budget),
            frames: frames(of: task, &budget),
            sites: withUnsafeBytes(of: task.sites) { sites in
                sites.bindMemory(to: UInt64.self).prefix { $0 != 0 }.map { CapturedFrame(address: $0, isExact: false) }
            })
    }

    /// Each is the number of a name, a length, and so much text.
    private func locals(of task: gmr_task_t, _ budget: inout Budget) -> [TaskSnapshot.Local] {
        let most = GMR_TASK_LOCAL_CAPACITY * (GMR_TASK_LOCAL_VALUE_BYTES + 2)
        var rest = Self.bytes(in: arena, at: task.local_offset, count: task.local_bytes, atMost: most, &budget)[...]
        var locals: [TaskSnapshot.Local] = []
        while rest.count >= 2, Int(rest[rest.startIndex]) < localNames.count {
            let name = localNames[Int(rest.removeFirst())]
            let count = Int(rest.removeFirst())
            let value = rest.prefix(count)
            rest = rest.dropFirst(count)
            if !name.isEmpty {
                locals.append(.init(name: name, value: PrintableText.string(fromUntrusted: Array(value))))
            }
        }
        return locals
    }

    private func awaited(by task: gmr_task_t, _ budget: inout Budget) -> CapturedTask.Awaited? {
        switch Int(task.awaited_kind) {
        case GMR_AWAITS_TASK: return .task(task.awaited, id: task.awaited_id)
        case GMR_AWAITS_CONTINUATION: return .continuation
        case GMR_AWAITS_GROUP: return .group(children: task.awaited_id)
        case GMR_AWAITS_EXECUTOR:
            let type = Self.text(in: arena, at: task.type_offset, count: task.type_bytes, &budget)
            let isActor = task.flags & UInt32(GMR_TASK_AWAITS_ACTOR) != 0
            return .executor(task.awaited, type: type.isEmpty ? nil : type, isActor: isActor)
        default: return nil
        }
    }

    /// Functions that will be entered at their first instruction.
    private func frames(of task: gmr_task_t, _ budget: inout Budget) -> [CapturedFrame] {
        let first = Int(task.first_frame)
        let count = Budget.take(task.frame_count, atMost: GMR_TASK_MOST_FRAMES, of: &budget.frames)
        guard count > 0, first + count <= Int(GMR_TASK_FRAME_CAPACITY), let table = gmr_arena_task_frames(arena) else {
            return []
        }
        return (first..<first + count).map { CapturedFrame(address: table[$0], isExact: true) }
    }

    private static func text(
        in arena: UnsafeMutablePointer<gmr_arena_header_t>, at offset: UInt32, count: UInt32, _ budget: inout Budget
    ) -> String {
        PrintableText.string(
            fromUntrusted: bytes(in: arena, at: offset, count: count, atMost: UInt32(GMR_TASK_MOST_TEXT_BYTES), &budget)
        )
    }

    private static func bytes(
        in arena: UnsafeMutablePointer<gmr_arena_header_t>, at offset: UInt32, count: UInt32, atMost limit: UInt32,
        _ budget: inout Budget
    ) -> [UInt8] {
        let count = Budget.take(count, atMost: limit, of: &budget.text)
        guard count > 0, Int(offset) + count <= Int(GMR_TASK_TEXT_CAPACITY_BYTES),
            let start = gmr_arena_task_text(arena)
        else { return [] }
        return Array(UnsafeRawBufferPointer(start: start + Int(offset), count: count))
    }

    /// Swift.TaskPriority
    private static func name(ofPriority value: UInt32) -> String {
        switch value {
        case 9: "background"
        case 17: "low"
        case 21: "medium"
        case 25: "high"
        case 33: "userInteractive"
        default: "\(value)"
        }
    }
}
