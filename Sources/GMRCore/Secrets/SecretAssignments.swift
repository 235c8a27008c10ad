/// Finds the values of secret keys in text: `password=x`, `--token=x`, `"secret": "x"`, `?api_key=x&`,
/// `Authorization: Bearer x`, and a `Bearer x` or `Basic x` that stands alone.
struct SecretAssignments {
    private let bytes: [UInt8]
    private let keys: SecretKeys

    private static let shortestBareToken = 8
    private static let longestBareWord = 16

    init(in bytes: [UInt8], keys: SecretKeys) {
        self.bytes = bytes
        self.keys = keys
    }

    /// The values alone, without quotation marks.
    func ranges() -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "=") || bytes[index] == UInt8(ascii: ":") {
                if let range = value(behind: index) {
                    ranges.append(range)
                    // The value may hold another assignment only where it was not taken for one.
                    index = max(index + 1, range.upperBound)
                    continue
                }
            } else if bytes[index] == UInt8(ascii: " "), let range = bareToken(behind: index) {
                ranges.append(range)
            }
            index += 1
        }
        return ranges
    }

    // MARK: Assignments

    private func value(behind sign: Int) -> Range<Int>? {
        let isColon = bytes[sign] == UInt8(ascii: ":")
        guard sign + 1 < bytes.count, bytes[sign + 1] != UInt8(ascii: "="), !(isColon && isSlash(sign + 1)),
            let key = key(before: sign)
        else { return nil }
        let name = String(decoding: bytes[key.range], as: UTF8.self)
        guard keys.contains(name) else { return nil }
        var start = sign + 1
        while start < bytes.count, ASCII.isBlank(bytes[start]), bytes[start] != UInt8(ascii: "\n") { start += 1 }
        guard start < bytes.count else { return nil }
        if ASCII.isQuote(bytes[start]) { return quoted(from: start) }
        // `the key: value` is prose more often than an assignment; `password: value` is not.
        if isColon, !key.isQuoted, !keys.containsUnmistakably(name) { return nil }
        let isHeader = SecretKeys.words(of: name).last.map { $0 == "authorization" || $0.hasPrefix("cookie") } ?? false
        let end = end(from: start, isHeader: isHeader)
        return start < end ? start..<end : nil
    }

    private func isSlash(_ index: Int) -> Bool { bytes[index] == UInt8(ascii: "/") }

    /// What stands before the sign: a name, in quotation marks perhaps, with blanks after it perhaps.
    private func key(before sign: Int) -> (range: Range<Int>, isQuoted: Bool)? {
        var end = sign
        while end > 0, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        var isQuoted = false
        if end > 0, ASCII.isQuote(bytes[end - 1]) {
            isQuoted = true
            end -= 1
            if end > 0, bytes[end - 1] == UInt8(ascii: "\\") { end -= 1 }
        }
        var start = end
        while start > 0, end - start < 128, ASCII.isOfKey(bytes[start - 1]) { start -= 1 }
        return start < end ? (start..<end, isQuoted) : nil
    }

    /// Up to the same quotation mark, or to the end where there is none.
    private func quoted(from start: Int) -> Range<Int>? {
        let quote = bytes[start]
        var end = start + 1
        while end < bytes.count, bytes[end] != quote {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        end = min(end, bytes.count)
        return start + 1 < end ? start + 1..<end : nil
    }

    /// A header's value has blanks in it and ends with the line.
    private func end(from start: Int, isHeader: Bool) -> Int {
        let endings = Array("&;,)]}<>`".utf8)
        return bytes[start...].firstIndex { byte in
            if ASCII.isQuote(byte) { return true }
            if isHeader { return byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
            return ASCII.isBlank(byte) || endings.contains(byte)
        } ?? bytes.count
    }

    // MARK: Tokens without a key

    /// `Bearer eyJhbGciOi…`, but not `basic authentication`.
    private func bareToken(behind blank: Int) -> Range<Int>? {
        guard endsWithScheme(blank) else { return nil }
        let start = blank + 1
        let extra = Array("-._~+/=".utf8)
        let end = bytes[start...].firstIndex { !ASCII.isAlphanumeric($0) && !extra.contains($0) } ?? bytes.count
        guard end - start >= Self.shortestBareToken else { return nil }
        let isWord = bytes[(start + 1)..<end].allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        return isWord && end - start <= Self.longestBareWord ? nil : start..<end
    }

    private func endsWithScheme(_ end: Int) -> Bool {
        ["bearer", "basic"].contains { scheme in
            let start = end - scheme.utf8.count
            guard start >= 0, start == 0 || !ASCII.isOfKey(bytes[start - 1]) else { return false }
            return zip(bytes[start..<end], scheme.utf8).allSatisfy { $0 | 0x20 == $1 }
        }
    }
}
