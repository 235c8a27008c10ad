extension TextRenderer {
    /// Frames, outermost first, each as a blank line, its place, and its source line; `No Traceback!` for none.
    static func writeFrames(_ frames: [Frame], to text: inout String) {
        if frames.isEmpty { text += "\nNo Traceback!\n" }
        let places = frames.map(place)
        for part in FoldedStack.parts(of: places) {
            switch part {
            case .frame(let index):
                text += "\n" + places[index] + "\n    "
                if let source = frames[index].source {
                    text += "`"
                    PrintableText.append(source, to: &text)
                    text += "`\n"
                } else {
                    text += "(source not found)\n"
                }
            case .repetition(let period, let count):
                let what = period == 1 ? "frame" : "\(period) frames"
                text += "\n… the \(what) above, repeated \(count) times more …\n"
            }
        }
    }

    /// The first line of a frame, by what is known of it:
    /// `file:line in name`, `module+0xoffset in name`, `module+0xoffset (build ID …)`, or the bare address.
    static func place(of frame: Frame) -> String {
        var text: String
        if let file = frame.file {
            text = "\(file):\(frame.line.map(String.init) ?? "?")"
        } else if let module = frame.module, let offset = frame.offset {
            text = "\(module)+\(offset.hexadecimal)"
        } else {
            text = frame.address.hexadecimal + (frame.module.map { " of \($0)" } ?? "")
        }
        if let function = frame.function {
            text += " in \(function)"
        } else if let buildID = frame.buildID {
            text += " (build ID \(buildID))"
        }
        if frame.isInlined { text += " (inlined)" }
        if frame.isAsync { text += " (async)" }
        return PrintableText.escaped(text)
    }
}
