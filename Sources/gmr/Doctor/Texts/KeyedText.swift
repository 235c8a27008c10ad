/// Lines `Key: value`, as in `/proc/PID/status` and `/proc/meminfo`, and `key value`, as in the files of cgroups.
struct KeyedText {
    private var values: [String: String] = [:]

    /// The first of several lines with one key counts: no name in a later line can forge it.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let end = line.firstIndex(where: { $0 == ":" || $0 == " " }) else { continue }
            let key = String(line[..<end])
            let value = line[line.index(after: end)...].drop { $0 == " " || $0 == "\t" }
            if values[key] == nil { values[key] = String(value) }
        }
    }

    subscript(_ key: String) -> String? { values[key] }

    /// The words of a value: four numbers of `Uid`.
    func words(_ key: String) -> [Substring] {
        values[key]?.split { $0 == " " || $0 == "\t" } ?? []
    }

    /// The first word as a number; nil where it is none.
    func number(_ key: String) -> UInt64? {
        words(key).first.flatMap { UInt64($0) }
    }

    /// A value such as `12 kB`, in bytes.
    func kibibytes(_ key: String) -> UInt64? {
        number(key).map { $0.multipliedReportingOverflow(by: 1024) }.flatMap { $0.overflow ? nil : $0.partialValue }
    }

    /// A set of signals; empty where there is none.
    func signals(_ key: String) -> SignalSet {
        SignalSet(hexadecimal: self[key] ?? "") ?? SignalSet(mask: 0)
    }
}
