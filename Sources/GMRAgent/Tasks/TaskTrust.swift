import CUnwindShim

/// How far what was read of tasks is to be believed: what was read of GMR's own against what the runtime says of them.
struct TaskTrust {
    /// Where these are wrong nothing can be right.
    private(set) var wrongEssentials: [String] = []
    private(set) var areNamesWrong = false
    private(set) var areParentsWrong = false
    private(set) var areWaitsWrong = false
    /// They were not all found.
    private(set) var isOneMissing = false
    /// Of GMR's own tasks, which are nobody else's business.
    let own: Set<UInt64>

    /// - Parameters:
    ///   - probes: The one that awaits the other, then that one.
    ///   - hasRoom: No name was left out because there were too many.
    ///   - name: Of a task.
    init(
        probes: [gmr_task_probe_t], tasks: UnsafeBufferPointer<gmr_task_t>, hasRoom: Bool, name: (gmr_task_t) -> String
    ) {
        own = Set(probes.map(\.address).filter { $0 != 0 })
        guard probes.count == 2, own.count == 2 else { return }
        let read = probes.map { probe in tasks.first { $0.address == probe.address } }
        guard let waiter = read[0], let child = read[1] else {
            isOneMissing = true
            return
        }
        for (probe, task) in zip(probes, [waiter, child]) {
            if task.id != probe.id { wrongEssentials.append("number") }
            if task.job_flags != probe.job_flags { wrongEssentials.append("kind") }
            let isCancelled = task.status_flags & TaskDecoder.isCancelled != 0
            let isIdle = task.status_flags & (TaskDecoder.runs | TaskDecoder.isEnqueued) == 0
            if task.status_flags & 0xff != probe.priority || isCancelled != (probe.is_cancelled != 0) || !isIdle {
                wrongEssentials.append("state")
            }
        }
        // Some records have lengths alone.
        let known = name(waiter)
        areNamesWrong =
            hasRoom
            && (Int(waiter.name_bytes) != TaskProbes.name.utf8.count || !known.isEmpty && known != TaskProbes.name)
        areParentsWrong = child.parent != waiter.address
        areWaitsWrong =
            waiter.awaited_kind != GMR_AWAITS_TASK || waiter.awaited != child.address || waiter.awaited_id != child.id
            || child.awaited_kind != GMR_AWAITS_CONTINUATION
    }

    /// What a report cannot say for it, one line each.
    var gaps: [String] {
        if let wrong = wrongEssentials.first {
            return ["Swift tasks: of a task of GMR's own the \(wrong) was read wrongly; none is listed"]
        }
        let left = [
            areNamesWrong ? "names" : nil, areParentsWrong ? "parents" : nil,
            areWaitsWrong ? "what they wait for" : nil,
        ].compactMap(\.self)
        if left.isEmpty {
            return isOneMissing ? ["Swift tasks: one of GMR's own was not found; there may be more"] : []
        }
        return [
            "Swift tasks: \(left.joined(separator: ", ")) left out, for those of a task of GMR's own were read wrongly"
        ]
    }

    /// Without what is not to be believed; nil: it is none of the service's.
    func checked(_ task: CapturedTask) -> CapturedTask? {
        guard !own.contains(task.address), wrongEssentials.isEmpty else { return nil }
        var task = task
        if areNamesWrong { task.snapshot.name = nil }
        if areParentsWrong { task.parent = 0 }
        if areWaitsWrong { task.awaits = nil }
        return task
    }
}
