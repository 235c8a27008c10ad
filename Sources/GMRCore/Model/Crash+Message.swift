extension Crash {
    /// `terminate called after throwing an instance of 'int'; what():  …`: the message's lines as parts of a sentence.
    var messageInOneLine: String? {
        guard let message else { return nil }
        let lines = message.split(separator: "\n").map { $0.trimming(" ") }.filter { !$0.isEmpty }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }

    /// Where a program was optimized, a failed check says nothing and executes an undefined instruction. Which check it
    /// was is in the debug information, as a function inlined there: `Swift runtime failure: arithmetic overflow`.
    /// - Parameter frames: Of the thread that crashed, the innermost first.
    public mutating func takeMessage(from frames: [Frame]) {
        guard message == nil, ["SIGILL", "SIGTRAP"].contains(signal), let trap = frames.first?.address else { return }
        let inlined = frames.prefix { $0.isInlined && $0.address == trap }
        message = inlined.lazy.compactMap(\.function).first { $0.hasPrefix("Swift runtime failure: ") }
    }
}

extension Substring {
    fileprivate func trimming(_ blank: Character) -> Substring {
        var rest = drop { $0 == blank }
        while rest.last == blank { rest.removeLast() }
        return rest
    }
}
