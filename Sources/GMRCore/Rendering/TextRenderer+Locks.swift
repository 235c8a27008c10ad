extension TextRenderer {
    static func writeVerdict(_ verdict: Verdict, crash: Crash?, to text: inout String) {
        writeHeading("Verdict", to: &text)
        writeLine(verdict.summary, to: &text)
        guard let crash else { return }
        text += "\n"
        for start in stride(from: 0, to: crash.registers.count, by: registersInALine) {
            let line = crash.registers[start...].prefix(registersInALine).map { register in
                let digits = String(register.value, radix: 16)
                let name = String(repeating: " ", count: max(0, 3 - register.name.count)) + register.name
                return name + " " + String(repeating: "0", count: 16 - digits.count) + digits
            }
            writeLine(line.joined(separator: "  "), to: &text)
        }
    }

    private static let registersInALine = 4
    /// That are spelled out; JSON and XML have all of them.
    private static let mostTaskCircles = 20
    private static let mostSteps = 60

    /// Each deadlock with its members side by side; then the queues.
    static func writeLocks(
        _ locks: Locks, threads: [ThreadSnapshot], tasks: [TaskSnapshot], to text: inout String
    ) {
        writeHeading("Locks", to: &text)
        let words = ThreadWords(threads)
        let count = locks.deadlocks.count + locks.taskCircles.count
        for (number, deadlock) in locks.deadlocks.enumerated() {
            let title = "Deadlock \(number + 1) of \(count), \(deadlock.certainty.rawValue)"
            writeLine(title + (deadlock.isTimed ? ", with a time limit" : ""), to: &text)
            let members = deadlock.edges.map { lines(about: $0, words: words) }
            for pair in stride(from: 0, to: members.count, by: 2) {
                writeSideBySide(members[pair], pair + 1 < members.count ? members[pair + 1] : nil, to: &text)
            }
        }
        let taskWords = TaskWords(tasks: tasks, threads: threads)
        for (number, circle) in locks.taskCircles.prefix(mostTaskCircles).enumerated() {
            let number = locks.deadlocks.count + number + 1
            writeLine("Deadlock \(number) of \(count), \(circle.certainty.rawValue)", to: &text)
            for index in circle.steps.indices.prefix(mostSteps) {
                writeLine("  \(taskWords.wait(of: index, in: circle))", to: &text)
            }
            text += "\n"
        }
        for queue in locks.queues {
            let owner = queue.owner.map { " held by \(words.name($0))" } ?? ""
            let waiters = queue.waiters.map(words.name).joined(separator: ", ")
            writeLine("\(queue.waiters.count) waiting for \(words.lock(of: queue))\(owner): \(waiters)", to: &text)
        }
        if count == 0 && locks.queues.isEmpty {
            writeLine("(no thread waits for a lock that another one is known to hold)", to: &text)
        }
        text += "\n"
    }

    // MARK: Members of a circle

    private static let columnWidth = 58
    /// The whole stack is under Threads.
    private static let largestStack = 12

    /// What one member waits for, who has it, and where the member stands, innermost first.
    private static func lines(about edge: Locks.Edge, words: ThreadWords) -> [String] {
        guard let thread = words.thread(edge.waiter) else { return [] }
        var lines = ["Thread \(words.name(edge.waiter))"]
        lines.append("waits for \(thread.waitsFor?.subject ?? "the \(edge.kind.words)")")
        let owner = edge.waiter == edge.owner ? "itself" : words.name(edge.owner)
        lines.append((edge.kind == .join ? "the end of " : "held by ") + owner)
        if let function = edge.takenIn { lines.append("taken in \(function)") }
        lines += thread.frames.filter(\.hasLine).prefix(largestStack).map { "  at \($0.place)" }
        return lines
    }

    private static func writeSideBySide(_ left: [String], _ right: [String]?, to text: inout String) {
        for index in 0..<max(left.count, right?.count ?? 0) {
            let own = index < left.count ? PrintableText.escaped(left[index]) : ""
            guard let right else {
                writeLine("  \(own)", to: &text)
                continue
            }
            let other = index < right.count ? PrintableText.escaped(right[index]) : ""
            writeLine(("  \(filled(own)) | " + other).trimmingTrailingSpaces, to: &text)
        }
        text += "\n"
    }

    /// Cut or filled to the width of a column.
    private static func filled(_ text: String) -> String {
        let count = text.count
        if count > columnWidth { return text.prefix(columnWidth - 1) + "…" }
        return text + String(repeating: " ", count: columnWidth - count)
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}

extension Frame {
    /// Whether it has a source line: the code of somebody who can read it.
    var hasLine: Bool { file != nil && line != nil }

    /// `Orders.submit(_:) Orders.swift:12`
    var place: String {
        let name = file?.split(separator: "/").last.map(String.init)
        let source = name.map { " \($0)" + (line.map { ":\($0)" } ?? "") } ?? ""
        return (function ?? address.hexadecimal) + source
    }
}
