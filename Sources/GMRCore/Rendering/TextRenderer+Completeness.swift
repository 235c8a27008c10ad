extension TextRenderer {
    static func writeCompleteness(_ completeness: Completeness, coalescedCount: Int, to text: inout String) {
        writeHeading("Completeness", to: &text)
        writeLine("\(completeness.threadsCaptured) of \(completeness.threadsFound) threads captured", to: &text)
        if completeness.tasksFound > 0 { writeLine("\(completeness.tasksFound) Swift tasks found", to: &text) }
        writeLine("\(completeness.framesSymbolized) of \(completeness.frames) frames symbolized", to: &text)
        for gap in completeness.gaps { writeLine("missing: \(gap)", to: &text) }
        let stages = completeness.stages
        let times = [
            ("capture", stages.captureNanoseconds), ("unwind", stages.unwindNanoseconds),
            ("tasks", stages.tasksNanoseconds), ("symbolize", stages.symbolizeNanoseconds),
            ("locks", stages.locksNanoseconds), ("render", stages.renderNanoseconds),
        ]
        for case (let stage, let nanoseconds?) in times {
            writeLine("\(stage) took \(milliseconds(nanoseconds)) ms", to: &text)
        }
        if let finishedBy = completeness.finishedBy { writeLine("finished by: \(finishedBy)", to: &text) }
        if coalescedCount > 0 {
            let triggers = coalescedCount == 1 ? "1 more trigger" : "\(coalescedCount) more triggers"
            writeLine("answers \(triggers) that came meanwhile", to: &text)
        }
    }

    /// Three decimals, rounded: 1234567 is `1.235`.
    static func milliseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = nanoseconds / 1_000 + (nanoseconds % 1_000 >= 500 ? 1 : 0)
        let decimals = String(microseconds % 1_000)
        return "\(microseconds / 1_000)." + String(repeating: "0", count: 3 - decimals.count) + decimals
    }
}
