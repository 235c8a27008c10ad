import GMRCore

/// What `/proc` says of a thread or process outside the one that a report is about.
struct OtherProcess: Sendable, Equatable {
    var pid: Int32
    var name: String?

    /// - Parameter tid: Of any of its threads. Nil where there is no such thread, or none that may be seen.
    init?(thread tid: Int32) {
        guard tid > 0, let status = ProcFile.text("/proc/\(tid)/status") else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("Tgid:") }
        guard let pid = line?.split(whereSeparator: \.isWhitespace).last.flatMap({ Int32($0) }) else { return nil }
        self.pid = pid
        name = Self.name(of: tid)
    }

    /// The kernel's name for a thread or process.
    static func name(of tid: Int32) -> String? {
        ProcFile.bytes("/proc/\(tid)/comm").map { PrintableText.string(fromUntrusted: $0.filter { $0 != 10 }) }
    }
}
