/// Soft limits of a process, from `/proc/PID/limits`.
struct ResourceLimits {
    /// Nil: unlimited.
    private var soft: [String: UInt64?] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n").dropFirst() {
            // The name has spaces of its own, and two or more behind it.
            guard let gap = line.indices.first(where: { line[$0...].hasPrefix("  ") }) else { continue }
            let name = String(line[..<gap])
            guard let value = line[gap...].split(separator: " ").first else { continue }
            if value == "unlimited" {
                soft[name] = .some(nil)
            } else if let number = UInt64(value) {
                soft[name] = number
            }
        }
    }

    /// `Max open files`; nil where it is unlimited or not known.
    func limit(_ name: String) -> UInt64? { soft[name] ?? nil }
}
