/// Where a core dump goes, from `/proc/sys/kernel/core_pattern` (core(5)).
enum CorePattern: Equatable {
    /// A pattern of a path; a relative one is in the directory where the process is.
    case file(String)
    /// The standard input of this program.
    case program(String)
    /// Nowhere.
    case none

    init(_ text: String) {
        let pattern = text.filter { $0 != "\n" }
        if pattern.hasPrefix("|") {
            self = .program(pattern.dropFirst().split(separator: " ").first.map(String.init) ?? "")
        } else {
            self = pattern.isEmpty ? .none : .file(pattern)
        }
    }
}
