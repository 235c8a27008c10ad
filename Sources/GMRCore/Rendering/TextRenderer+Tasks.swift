extension TextRenderer {
    /// So many stacks are printed; JSON and XML have all of them.
    private static let mostTaskGroups = 200
    private static let longestMemberList = 60

    /// Swift tasks, in the place of oslo.reports' green threads: those with the same stack that wait for the same once.
    static func writeTasks(_ tasks: [TaskSnapshot], to text: inout String) {
        writeHeading("Green Threads", to: &text)
        if tasks.isEmpty { text += "(no Swift task found)\n\n" }
        writeTaskTree(tasks, to: &text)
        let groups = TaskGroup.groups(of: tasks)
        for group in groups.prefix(mostTaskGroups) {
            let first = group.tasks[0]
            if group.tasks.count == 1 {
                writeThreadLine("Task \(identity(of: first))" + facts(of: first), to: &text)
                if let relatives = relatives(of: first) { writeLine(relatives, to: &text) }
            } else {
                writeThreadLine("\(group.tasks.count) Tasks with the same stack" + facts(of: first), to: &text)
                writeMembers(of: group, to: &text)
            }
            if let birth = birth(of: group.tasks) { writeLine(birth, to: &text) }
            if let unchanged = unchanged(group.tasks) { writeLine(unchanged, to: &text) }
            if first.state == .running {
                writeLine(first.thread.map { "It runs in thread \($0)." } ?? "It runs.", to: &text)
            }
            if first.state != .running || !first.frames.isEmpty {
                if first.areFramesCut {
                    writeLine("It has more callers than are kept: those outside are missing.", to: &text)
                }
                writeFrames(first.frames.filter { !isGlue($0) }.reversed(), to: &text)
            }
            text += "\n"
        }
        let left = groups.dropFirst(mostTaskGroups).reduce(0) { $0 + $1.tasks.count }
        if left > 0 { writeLine("… \(left) tasks with other stacks are in the report's JSON alone …", to: &text) }
    }

    /// What the compiler puts between a closure and who calls it; JSON has it.
    private static func isGlue(_ frame: Frame) -> Bool {
        guard var function = frame.function?[...] else { return false }
        if function.hasPrefix("specialized ") { function = function.dropFirst("specialized ".count) }
        return function.hasPrefix("partial apply for ") || function.hasPrefix("thunk for ")
    }

    static func identity(of task: TaskSnapshot) -> String {
        let locals = task.locals.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        return "\(task.id)" + (task.name.map { " \"\($0)\"" } ?? "") + (locals.isEmpty ? "" : " [\(locals)]")
    }

    /// ` suspended, waiting for task 8, cancelled`, with a leading space.
    static func facts(of task: TaskSnapshot) -> String {
        var text = " \(task.state.rawValue)"
        if task.isNew { text += ", not begun" }
        if let wait = task.waitsFor { text += ", \(wait.description)" }
        if task.isCancelled { text += ", cancelled" }
        return text
    }

    /// `async let of task 3; priority high; children 8, 9`
    private static func relatives(of task: TaskSnapshot) -> String? {
        var parts: [String] = []
        let what: String? =
            switch task.kind {
            case .task: nil
            case .child: "child"
            case .groupChild: "child in a group"
            case .asyncLet: "async let"
            case .main: "main task"
            }
        if let what { parts.append(what + (task.parent.map { " of task \($0)" } ?? "")) }
        if task.priority != "medium" { parts.append("priority \(task.priority)") }
        if !task.children.isEmpty {
            parts.append("children " + task.children.prefix(longestMemberList).map(String.init).joined(separator: ", "))
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// `made 3 s to 2 min ago, in serve(_:) Orders.swift:51`; of tasks with several places, the first one's.
    private static func birth(of tasks: [TaskSnapshot]) -> String? {
        guard let ages = ages(tasks.compactMap(\.ageNanoseconds)) else { return nil }
        let places = Set(tasks.compactMap { $0.origin?.place })
        let place = tasks.lazy.compactMap { $0.origin?.place }.first.map { ", in \($0)" } ?? ""
        let others =
            places.count > 1
            ? ", and at \(places.count == 2 ? "another place" : "\(places.count - 1) other places")" : ""
        return "made \(ages) ago\(place)\(others)"
    }

    /// `3 of them at the same place as in a report 5 s to 2 min ago`
    private static func unchanged(_ tasks: [TaskSnapshot]) -> String? {
        let known = tasks.compactMap(\.unchangedNanoseconds)
        guard let ages = ages(known) else { return nil }
        let which = known.count == tasks.count ? "" : "\(known.count) of them "
        return "\(which)at the same place as in a report \(ages) ago"
    }

    /// `3 s to 2 min`
    private static func ages(_ nanoseconds: [UInt64]) -> String? {
        guard let youngest = nanoseconds.min(), let oldest = nanoseconds.max() else { return nil }
        let (from, to) = (age(youngest), age(oldest))
        return from == to ? from : "\(from) to \(to)"
    }

    /// `350 ms`, `12 s`, `3 min`, `5 h`, `4 d`: what is left over is left out.
    static func age(_ nanoseconds: UInt64) -> String {
        let units: [(UInt64, String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"),
        ]
        for (size, name) in units where nanoseconds >= size { return "\(nanoseconds / size) \(name)" }
        return "\(nanoseconds / 1_000_000) ms"
    }

    private static func writeMembers(of group: TaskGroup, to text: inout String) {
        var names = group.tasks.prefix(longestMemberList).map(identity)
        if group.tasks.count > names.count { names.append("and \(group.tasks.count - names.count) more") }
        writeLine("Tasks " + names.joined(separator: ", "), to: &text)
    }
}

/// Tasks that will go on at the same place, and wait for the same.
private struct TaskGroup {
    /// Never empty.
    var tasks: [TaskSnapshot]

    private struct Key: Hashable {
        var stack: StackKey
        var facts: String
    }

    /// In the order of their first tasks.
    static func groups(of tasks: [TaskSnapshot]) -> [TaskGroup] {
        var indices: [Key: Int] = [:]
        var groups: [TaskGroup] = []
        for task in tasks {
            let key = Key(stack: StackKey(task.frames), facts: facts(of: task))
            if let index = indices[key] {
                groups[index].tasks.append(task)
            } else {
                indices[key] = groups.count
                groups.append(TaskGroup(tasks: [task]))
            }
        }
        return groups
    }

    /// One that runs has a thread of its own.
    private static func facts(of task: TaskSnapshot) -> String {
        let wait = task.waitsFor?.description ?? ""
        let own = task.state == .running ? "\(task.id)" : ""
        return "\(task.state.rawValue) \(task.isCancelled) \(task.isNew) \(own) \(wait)"
    }
}
