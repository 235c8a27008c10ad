extension TextRenderer {
    static func writeProcesses(_ processes: [ProcessNode], to text: inout String) {
        writeHeading("Processes", to: &text)
        for process in processes { write(process, depth: 0, to: &text) }
        if processes.isEmpty { text += "(unknown)\n" }
        text += "\n"
    }

    private static let longestCommand = 200

    /// oslo.reports indents children by four, but only the first level of them; here each level is. The command and
    /// the figures below the line are ours too: children of one program differ by nothing else.
    private static func write(_ process: ProcessNode, depth: Int, to text: inout String) {
        let parent = process.parentPID.map(String.init) ?? "unknown"
        let uid = process.uid.map(String.init) ?? "unknown uid"
        let indentation = String(repeating: "    ", count: depth)
        text += indentation
        writeLine(
            "Process \(process.pid) (under \(parent)) "
                + "[ run by: \(process.user ?? "unknown") (\(uid)), state: \(process.state ?? "unknown") ]",
            to: &text)
        if let command = process.command, !command.isEmpty {
            text += indentation + "  "
            writeLine(cut(command, at: longestCommand), to: &text)
        }
        let figures = [
            process.started.map { "started \($0.iso8601)" }, process.residentBytes.map { "\(binarySize($0)) resident" },
            descriptors(of: process),
        ].compactMap(\.self)
        if !figures.isEmpty {
            text += indentation + "  "
            writeLine(figures.joined(separator: ", "), to: &text)
        }
        for child in process.children { write(child, depth: depth + 1, to: &text) }
    }

    private static func cut(_ text: String, at length: Int) -> String {
        // Of a command line of megabytes no more is looked at than is shown.
        text.dropFirst(length).isEmpty ? text : text.prefix(length) + "…"
    }

    private static func descriptors(of process: ProcessNode) -> String? {
        switch (process.descriptorCount, process.descriptorLimit) {
        case (let count?, let limit?): "\(count) of \(limit) descriptors"
        case (let count?, nil): count == 1 ? "1 descriptor" : "\(count) descriptors"
        case (nil, let limit?): "at most \(limit) descriptors"
        case (nil, nil): nil
        }
    }

    /// The largest binary unit of which there is one at least, with one decimal, cut and not rounded: `12.3 MiB`.
    static func binarySize(_ byteCount: UInt64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        guard byteCount >= 1024 else { return byteCount == 1 ? "1 byte" : "\(byteCount) bytes" }
        let power = (63 - byteCount.leadingZeroBitCount) / 10
        let unit = UInt64(1) << UInt64(10 * power)
        return "\(byteCount / unit).\(byteCount % unit * 10 / unit) \(units[power - 1])"
    }
}
