/// Finds known secrets in text, by value: as they are, percent-encoded, in base64, escaped as JSON and XML do it, and
/// one by one where they are several lines, or a list such as `a, b`.
struct KnownSecrets: Sendable {
    /// UTF-8, by their first four bytes, the longest first.
    private let needles: [UInt32: [[UInt8]]]
    /// Which first two bytes there are: most of a text is passed over by this alone.
    private let beginnings: [Bool]

    /// A shorter one would turn up in all kinds of words.
    static let shortestLength = 4
    private static let shortestPart = 8
    /// Values that are no secret even where a secret's key has them, because every report is full of them.
    private static let trivialValues: Set<String> = [
        "true", "false", "none", "null", "localhost", "default", "root", "admin", "main", "test", "user", "guest",
        "password", "secret", "token", "***",
    ]

    init(_ secrets: [String], progress: () -> Void = {}) {
        var all: Set<[UInt8]> = []
        for secret in secrets {
            for text in [secret] + Self.parts(of: secret)
            where text.utf8.count >= Self.shortestLength && !Self.trivialValues.contains(text.lowercased()) {
                all.formUnion(SecretForms.all(of: text))
            }
            progress()
        }
        var needles: [UInt32: [[UInt8]]] = [:]
        var beginnings = [Bool](repeating: false, count: all.isEmpty ? 0 : 1 << 16)
        for needle in all.sorted(by: { $0.count > $1.count }) {
            needles[Self.beginning(of: needle[...]), default: []].append(needle)
            beginnings[Int(needle[0]) << 8 | Int(needle[1])] = true
        }
        self.needles = needles
        self.beginnings = beginnings
    }

    var isEmpty: Bool { needles.isEmpty }

    /// Where secrets stand; the ranges may overlap.
    func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        guard !isEmpty, bytes.count >= Self.shortestLength else { return [] }
        var ranges: [Range<Int>] = []
        for start in 0...bytes.count - Self.shortestLength
        where beginnings[Int(bytes[start]) << 8 | Int(bytes[start + 1])] {
            if let needle = needles[Self.beginning(of: bytes[start...])]?.first(where: {
                bytes[start...].starts(with: $0)
            }) {
                ranges.append(start..<start + needle.count)
            }
        }
        return ranges
    }

    /// Of text that was cut, the part at its end that a secret begins with: its length in bytes.
    func cutLength(atEndOf bytes: [UInt8]) -> Int? {
        guard !isEmpty, bytes.count >= Self.shortestLength else { return nil }
        for start in 0...bytes.count - Self.shortestLength {
            for needle in needles[Self.beginning(of: bytes[start...])] ?? [] where needle.starts(with: bytes[start...])
            {
                return bytes.count - start
            }
        }
        return nil
    }

    private static func beginning(of bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(shortestLength).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// What a file or a vault adds around a secret is none of it, a key of several lines is printed line by line, and a
    /// list's elements are used one at a time.
    private static func parts(of secret: String) -> [String] {
        let trimmed = String(decoding: secret.utf8.trimmed(), as: UTF8.self)
        let lines = secret.split { $0.isNewline }.flatMap { $0.split(separator: "\\n") }
        let parts = lines.flatMap { $0.split(separator: ", ") }.filter { $0.utf8.count >= shortestPart }
        return [trimmed] + parts.map(String.init)
    }
}

extension String.UTF8View {
    /// Without the blanks at both ends.
    fileprivate func trimmed() -> Substring.UTF8View {
        let start = firstIndex { !ASCII.isBlank($0) } ?? endIndex
        let end = lastIndex { !ASCII.isBlank($0) }.map { index(after: $0) } ?? endIndex
        return self[start..<Swift.max(start, end)]
    }
}
