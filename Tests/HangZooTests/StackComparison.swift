/// Holds one thread of a report against the same thread seen by a referee, frame by frame from the innermost outward.
struct StackComparison {
    var aliases: any AliasSource
    /// The name of the physical frame at an address as known from all debug files of the system; nil: unknown.
    var nameFromDebugFiles: (UInt64) -> String? = { _ in nil }
    /// A referee that knows no inlined frames: only the physical ones are compared.
    var ignoresInlinedFrames = false

    /// What differs first, with both stacks side by side; nil where nothing does.
    func difference(
        seen: ObservedThread, referee: ObservedThread, label: String, expectation: ZooCase.Expectation = .complete,
        isTruncated: Bool = false, wasSignalled: Bool = false
    ) -> String? {
        var left = compared(seen)
        var right = compared(referee)
        if Self.moves(seen) {
            guard let leftConstant = Self.constantPart(left), let rightConstant = Self.constantPart(right) else {
                return describe("no frame `…for_ever`, from which outward the stack is constant", left, right, label, 0)
            }
            (left, right) = (leftConstant, rightConstant)
        }
        switch expectation {
        case .innermost(let count):
            guard left.count >= count, right.count >= count else {
                return describe("fewer than \(count) frames", left, right, label, 0)
            }
            (left, right) = (Array(left.prefix(count)), Array(right.prefix(count)))
        case .completeOrTruncated where isTruncated:
            right = Array(right.prefix(left.count))
        case .complete, .completeOrTruncated, .gapOrComplete:
            break
        }
        for index in 0..<max(left.count, right.count) {
            guard index < left.count, index < right.count else {
                return describe("\(left.count) frames against \(right.count)", left, right, label, index)
            }
            // A signal finds a thread that waits in a futex at its `syscall` instruction, two bytes long, which it will
            // execute again; a debugger stops it behind.
            let isRestarted = wasSignalled && index == 0 && left[0].address &+ 2 == right[0].address
            if isRestarted { left[0].address = right[0].address }
            if let reason = difference(left[index], right[index]) {
                return describe(reason, left, right, label, index)
            }
        }
        return nil
    }

    /// Threads called `hot-…` run. The main thread takes the trigger's signal itself, so the report may find it in the
    /// handler; where it has ended, `reporter` does. All call from a marker `…for_ever` (`…ForEver`) into code that moves.
    static func moves(_ thread: ObservedThread) -> Bool {
        thread.name?.hasPrefix("hot-") == true || thread.name == "HangZoo" || thread.name == "reporter"
    }

    private func compared(_ thread: ObservedThread) -> [ObservedFrame] {
        ignoresInlinedFrames ? thread.frames.filter { !$0.isInlined } : thread.frames
    }

    private static func constantPart(_ frames: [ObservedFrame]) -> [ObservedFrame]? {
        let marker = frames.firstIndex { frame in
            frame.name.map { $0.contains("for_ever") || $0.contains("ForEver") } ?? false
        }
        return marker.map { Array(frames[$0...]) }
    }

    private func difference(_ seen: ObservedFrame, _ referee: ObservedFrame) -> String? {
        if seen.address != referee.address { return "addresses differ" }
        if seen.isInlined != referee.isInlined { return "one is an inlined frame" }
        if seen.name == referee.name { return nil }
        let facts = NamePair(
            seen: seen.name, referee: referee.name, isSignalFrame: referee.isSignalFrame,
            areAliases: aliases.areAliases(seen.name, referee.name, in: referee.module),
            fromDebugFiles: { nameFromDebugFiles(seen.address) },
            isAlias: { aliases.areAliases(seen.name, $0, in: referee.module) })
        return KnownDifference.all.contains { $0.applies(facts) } ? nil : "names differ"
    }

    private func describe(
        _ reason: String, _ left: [ObservedFrame], _ right: [ObservedFrame], _ label: String, _ index: Int
    ) -> String {
        func text(_ frames: [ObservedFrame], _ index: Int) -> String {
            guard index < frames.count else { return "" }
            let frame = frames[index]
            let place = frame.isInlined ? "(inlined)" : "0x" + String(frame.address, radix: 16)
            return "\(place) \(frame.name ?? "??")"
        }
        var lines = ["frame \(index): \(reason)", "  seen | \(label)"]
        for row in 0..<max(left.count, right.count) where abs(row - index) < 40 {
            let mark = row == index ? "→" : " "
            lines.append("\(mark) #\(row) \(text(left, row)) | \(text(right, row))")
        }
        return lines.joined(separator: "\n")
    }
}
