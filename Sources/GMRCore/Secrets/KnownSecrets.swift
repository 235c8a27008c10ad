/// Finds known secrets in text, by value: as they are, percent-encoded, in base64, with backslash escapes, and line by
/// line where they have several.
struct KnownSecrets: Sendable {
    /// UTF-8, by first byte, the longest first.
    private let needles: [[[UInt8]]]
    private(set) var isEmpty = true

    /// A shorter one would turn up in all kinds of words.
    static let shortestLength = 4
    private static let shortestLine = 8
    /// Values that are no secret even where a secret's key has them, because every report is full of them.
    private static let trivialValues: Set<String> = [
        "true", "false", "none", "null", "localhost", "default", "root", "admin", "***",
    ]

    init(_ secrets: [String]) {
        var all: Set<[UInt8]> = []
        for secret in secrets {
            for text in [secret] + Self.lines(of: secret) where !Self.trivialValues.contains(text.lowercased()) {
                for form in Self.forms(of: text) where form.count >= Self.shortestLength { all.insert(form) }
            }
        }
        var needles = [[[UInt8]]](repeating: [], count: 256)
        for needle in all.sorted(by: { $0.count > $1.count }) { needles[Int(needle[0])].append(needle) }
        self.needles = needles
        isEmpty = all.isEmpty
    }

    /// Where secrets stand; the ranges may overlap.
    func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        var ranges: [Range<Int>] = []
        for start in bytes.indices {
            let candidates = needles[Int(bytes[start])]
            if candidates.isEmpty { continue }
            if let needle = candidates.first(where: { Self.stands($0, at: start, in: bytes) }) {
                ranges.append(start..<start + needle.count)
            }
        }
        return ranges
    }

    /// Of text that was cut, the part at its end that a secret begins with: its length in bytes.
    func cutLength(atEndOf bytes: [UInt8]) -> Int? {
        guard !isEmpty, bytes.count >= Self.shortestLength else { return nil }
        for start in 0...bytes.count - Self.shortestLength {
            for needle in needles[Int(bytes[start])] where needle.starts(with: bytes[start...]) {
                return bytes.count - start
            }
        }
        return nil
    }

    private static func stands(_ needle: [UInt8], at start: Int, in bytes: [UInt8]) -> Bool {
        guard needle.count <= bytes.count - start else { return false }
        for index in needle.indices where bytes[start + index] != needle[index] { return false }
        return true
    }

    /// A key of several lines is printed line by line.
    private static func lines(of secret: String) -> [String] {
        let lines = secret.split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        return lines.count > 1 ? lines.filter { $0.utf8.count >= shortestLine }.map(String.init) : []
    }

    private static func forms(of text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var forms = [bytes, percentEncoded(bytes, digits: "0123456789ABCDEF")]
        forms.append(percentEncoded(bytes, digits: "0123456789abcdef"))
        forms.append(base64(bytes, last: "+/"))
        forms.append(base64(bytes, last: "-_"))
        forms.append(Array(PrintableText.escaped(text).utf8))
        var json = JSONWriter()
        json.string(text)
        forms.append(Array(json.text.utf8.dropFirst().dropLast()))
        return forms
    }

    /// RFC 3986: all but unreserved characters.
    private static func percentEncoded(_ bytes: [UInt8], digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return bytes.flatMap { byte -> [UInt8] in
            let scalar = Unicode.Scalar(byte)
            let isKept = scalar.isASCII && (ASCII.isAlphanumeric(byte) || "-._~".unicodeScalars.contains(scalar))
            return isKept ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    /// RFC 4648, without the padding.
    private static func base64(_ bytes: [UInt8], last: String) -> [UInt8] {
        let letters = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = part.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
            for index in 0...part.count { result.append(letters[Int(word >> UInt32(18 - 6 * index) & 63)]) }
        }
        return result
    }
}
