/// Mounts, from `/proc/PID/mountinfo` (proc(5)).
struct Mounts {
    struct Mount: Equatable {
        /// What of the file system is mounted: `/` but for bind mounts and containers.
        var root: String
        var point: String
        var type: String
        /// Those of the file system: `rw,hidepid=2`.
        var options: [String]

        /// The value of `NAME=value`; empty for a bare `NAME`.
        func option(_ name: String) -> String? {
            for option in options {
                let parts = option.split(separator: "=", maxSplits: 1)
                if parts.first == name[...] { return parts.count > 1 ? String(parts[1]) : "" }
            }
            return nil
        }
    }

    private(set) var mounts: [Mount] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            // `id parent dev root point options optional… - type source options`
            let words = line.split(separator: " ")
            guard words.count > 9, let dash = words.dropFirst(6).firstIndex(of: "-"), words.count > dash + 3 else {
                continue
            }
            mounts.append(
                Mount(
                    root: Self.unescaped(words[3]), point: Self.unescaped(words[4]), type: String(words[dash + 1]),
                    options: words[dash + 3].split(separator: ",").map(String.init)))
        }
    }

    /// The one at this place that is seen: the last.
    func mount(at point: String) -> Mount? { mounts.last { $0.point == point } }

    /// `\040` is a space.
    private static func unescaped(_ word: Substring) -> String {
        var result: [UInt8] = []
        var rest = Array(word.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(3), as: UTF8.self)
            if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let code = UInt8(digits, radix: 8) {
                result.append(code)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
