extension TextRenderer {
    static func writeVerdict(_ verdict: Verdict, to text: inout String) {
        writeHeading("Verdict", to: &text)
        writeLine(verdict.summary, to: &text)
    }

    /// Each deadlock with what its members wait for and where they stand, side by side; then the queues.
    static func writeLocks(_ locks: Locks, threads: [ThreadSnapshot], to text: inout String) {
        writeHeading("Locks", to: &text)
        let words = ThreadWords(threads)
        let threadsByTID = threads.byTID
        for (number, deadlock) in locks.deadlocks.enumerated() {
            let title = "Deadlock \(number + 1) of \(locks.deadlocks.count), \(deadlock.certainty.rawValue)"
            writeLine(title + (deadlock.isTimed ? ", with a time limit" : ""), to: &text)
            for edge in deadlock.edges {
                guard let thread = threadsByTID[edge.waiter] else { continue }
                writeLine("  Thread \(words.name(edge.waiter))\(activity(of: thread))", to: &text)
                for frame in thread.frames.filter(\.isOfProgram).prefix(4) {
                    writeLine("    at \(frame.place)", to: &text)
                }
            }
            text += "\n"
        }
        for queue in locks.queues {
            let owner = queue.owner.map { " held by \(words.name($0))" } ?? ""
            let waiters = queue.waiters.map(words.name).joined(separator: ", ")
            writeLine("\(queue.waiters.count) waiting for \(words.lock(of: queue))\(owner): \(waiters)", to: &text)
        }
        if locks.deadlocks.isEmpty && locks.queues.isEmpty {
            writeLine("(no thread waits for a lock that another one is known to hold)", to: &text)
        }
        text += "\n"
    }
}

extension Frame {
    /// Whether it has a source line: the code of somebody who can read it.
    fileprivate var isOfProgram: Bool { file != nil && line != nil }

    /// `Orders.submit(_:) in Sources/Orders/Orders.swift:12`
    fileprivate var place: String {
        let source = file.map { " in \($0)" + (line.map { ":\($0)" } ?? "") } ?? ""
        return (function ?? address.hexadecimal) + source
    }
}
