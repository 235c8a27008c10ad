extension TextRenderer {
    /// A thread line and a stack for each thread; threads whose stacks are identical share one.
    static func writeThreads(_ threads: [ThreadSnapshot], to text: inout String) {
        writeHeading("Threads", to: &text)
        if threads.isEmpty { text += "(none found)\n\n" }
        for group in ThreadGroup.groups(of: threads) {
            if group.threads.count == 1 {
                writeThreadLine(describe(group.first, withState: true), to: &text)
            } else {
                writeThreadLine(heading(of: group), to: &text)
                writeMembers(of: group, to: &text)
            }
            writeStack(of: group.first, to: &text)
            text += "\n"
        }
    }

    /// `Thread 4712 "alpha" sleeping in futex`
    private static func describe(_ thread: ThreadSnapshot, withState: Bool) -> String {
        var text = "Thread " + identity(of: thread)
        if withState { text += activity(of: thread) }
        if thread.isCurrent { text += " crashed" }
        if let task = thread.task { text += ", runs task \(task)" }
        return text
    }

    /// `31 Threads with the same stack sleeping in futex`; the state only where all share it.
    private static func heading(of group: ThreadGroup) -> String {
        let what = group.first.frames.isEmpty ? "without a stack" : "with the same stack"
        return "\(group.threads.count) Threads \(what)" + (group.sharedActivity ?? "")
    }

    /// `Threads 4712 "alpha", 4713 "beta"` with their states where these differ, in lines of about 100 characters.
    private static func writeMembers(of group: ThreadGroup, to text: inout String) {
        var line = "Threads"
        let isActivityShared = group.sharedActivity != nil
        for (index, thread) in group.threads.enumerated() {
            var item = " " + identity(of: thread)
            if !isActivityShared { item += activity(of: thread) }
            if thread.isCurrent { item += " crashed" }
            if index < group.threads.count - 1 { item += "," }
            if line.utf8.count + item.utf8.count > 100 && line != "Threads" {
                writeLine(line, to: &text)
                line = " "
            }
            line += item
        }
        writeLine(line, to: &text)
    }

    private static func writeStack(of thread: ThreadSnapshot, to text: inout String) {
        let outermostFirst = Array(thread.frames.reversed())
        writeFrames(outermostFirst, to: &text)
        var remarks: [String] = []
        if thread.capture != .none, let reason = explanation(of: thread.stop, hasFrames: !thread.frames.isEmpty) {
            remarks.append(reason)
        }
        if let problem = thread.captureProblem {
            remarks.append(thread.capture == .none ? "Not captured: \(problem)" : "Capture: \(problem)")
        } else if thread.capture == .none {
            remarks.append("Not captured, for an unknown reason")
        }
        if !remarks.isEmpty { text += "\n" }
        for remark in remarks { writeLine(remark, to: &text) }
    }

    /// Why there are no frames beyond the outermost one shown; nil where the stack is complete.
    private static func explanation(of stop: ThreadSnapshot.StopReason, hasFrames: Bool) -> String? {
        let missing = hasFrames ? "The callers of the first frame above are missing" : "The frames are missing"
        return switch stop {
        case .complete: nil
        case .truncated: missing + ": the stack is larger than what a report copies"
        case .unreadable: missing + ": the stack's memory could not be read"
        case .noUnwindInfo: missing + ": there is no unwind information for the code there"
        }
    }

    /// `------`, text centred in 60, `------`.
    static func writeThreadLine(_ title: String, to text: inout String) {
        text += "------" + centred(" " + PrintableText.escaped(title) + " ", in: 60) + "------\n"
    }

    private static func identity(of thread: ThreadSnapshot) -> String {
        "\(thread.tid)" + (thread.name.map { " \"\($0)\"" } ?? "")
    }

    /// ` sleeping in futex`, with a leading space; empty where nothing is known.
    static func activity(of thread: ThreadSnapshot) -> String {
        (thread.state.map { " \($0.rawValue)" } ?? "") + (thread.syscall.map { " in \($0)" } ?? "")
            + (thread.waitsFor.map { ", \($0.words)" } ?? "")
    }
}
