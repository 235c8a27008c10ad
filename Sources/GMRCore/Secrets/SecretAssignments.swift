/// Finds the values of secret keys in text: `password=x`, `--token x`, `"secret": "x"`, also inside a JSON string,
/// `tokens: [x, y]`, `password: Optional("x")`, `?api_key=x&`, `<password>x</password>`, `Authorization: Bearer x`; and
/// where no key is needed to know them: a `Bearer x` or `Basic x` that stands alone, and private keys in PEM.
struct SecretAssignments {
    private let bytes: [UInt8]
    private let keys: SecretKeys

    private static let shortestBareToken = 8
    private static let longestBareWord = 16
    private static let longestKey = 128

    init(in bytes: [UInt8], keys: SecretKeys) {
        self.bytes = bytes
        self.keys = keys
    }

    /// The values alone, without quotation marks.
    func ranges() -> [Range<Int>] {
        ranges { index in
            switch bytes[index] {
            case UInt8(ascii: "="), UInt8(ascii: ":"): value(behind: index)
            case UInt8(ascii: ">"): element(behind: index)
            case UInt8(ascii: " "): bareToken(behind: index) ?? optionValue(behind: index)
            case UInt8(ascii: "-"): privateKey(from: index)
            default: nil
            }
        }
    }

    /// In a line of a program, where `token = next()` is no secret: the values in quotation marks.
    func literals() -> [Range<Int>] {
        ranges { index in
            let isSign = bytes[index] == UInt8(ascii: "=") || bytes[index] == UInt8(ascii: ":")
            return isSign ? value(behind: index, isQuoted: true) : nil
        }
    }

    private func ranges(find: (Int) -> Range<Int>?) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            let range = find(index)
            if let range { ranges.append(range) }
            // A value may hold another assignment only where it was not taken for one.
            index = max(index + 1, range?.upperBound ?? 0)
        }
        return ranges
    }

    private func has(_ text: String, at index: Int) -> Bool { bytes[index...].starts(with: text.utf8) }

    private func name(_ key: Range<Int>) -> String { String(decoding: bytes[key], as: UTF8.self) }

    // MARK: Keys

    /// What stands before the sign: a name, in quotation marks and brackets perhaps, with blanks after it perhaps.
    private func key(before sign: Int) -> (range: Range<Int>, isQuoted: Bool)? {
        var end = sign
        while end > 0, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        // `user[password]=`, in a URL too.
        if end > 0, bytes[end - 1] == UInt8(ascii: "]") { end -= 1 }
        if end > 2, has("%5D", at: end - 3) || has("%5d", at: end - 3) { end -= 3 }
        var isQuoted = false
        if end > 0, ASCII.isQuote(bytes[end - 1]) {
            isQuoted = true
            end -= 1
            while end > 0, bytes[end - 1] == UInt8(ascii: "\\") { end -= 1 }
        }
        var start = end
        while start > 0, end - start < Self.longestKey, ASCII.isOfKey(bytes[start - 1]) { start -= 1 }
        return start < end ? (start..<end, isQuoted) : nil
    }

    // MARK: Values

    private func value(behind sign: Int, isQuoted mustBeQuoted: Bool = false) -> Range<Int>? {
        let isColon = bytes[sign] == UInt8(ascii: ":")
        // `==` compares, `://` is a URL's, and of `:=` and `=>` the last character is not the value's.
        guard sign + 1 < bytes.count, bytes[sign + 1] != UInt8(ascii: "="), !has("://", at: sign),
            let key = key(before: isColon || sign == 0 || bytes[sign - 1] != UInt8(ascii: ":") ? sign : sign - 1)
        else { return nil }
        let name = name(key.range)
        guard keys.contains(name) else { return nil }
        var start = sign + 1
        if !isColon, bytes[start] == UInt8(ascii: ">") { start += 1 }
        while start < bytes.count, ASCII.isBlank(bytes[start]), key.isQuoted || bytes[start] != UInt8(ascii: "\n") {
            start += 1
        }
        guard start < bytes.count else { return nil }
        if let quotes = quotes(from: start) { return quoted(by: quotes) }
        if mustBeQuoted { return nil }
        // `the key: value` is prose more often than an assignment; `password: value` is not.
        if isColon, !key.isQuoted, !keys.containsUnmistakably(name) { return nil }
        let isHeader = SecretKeys.words(of: name).last.map { $0 == "authorization" || $0.hasPrefix("cookie") } ?? false
        let end = isHeader ? endOfHeader(named: key.range, from: start) : endOfWord(from: start)
        return start < end ? start..<end : nil
    }

    /// `x` in `<password>x</password>`, but not in `Map<Token>`.
    private func element(behind sign: Int) -> Range<Int>? {
        guard let key = key(before: sign), key.range.lowerBound > 0,
            bytes[key.range.lowerBound - 1] == UInt8(ascii: "<"), keys.contains(name(key.range)),
            let end = bytes[(sign + 1)...].firstIndex(of: UInt8(ascii: "<")), has("</", at: end), sign + 1 < end
        else { return nil }
        return sign + 1..<end
    }

    /// `x` in `mysqldump --password x orders`.
    private func optionValue(behind blank: Int) -> Range<Int>? {
        guard blank + 1 < bytes.count, bytes[blank + 1] != UInt8(ascii: "-"), let key = key(before: blank),
            bytes[key.range.lowerBound] == UInt8(ascii: "-"), keys.contains(name(key.range))
        else { return nil }
        if let quotes = quotes(from: blank + 1) { return quoted(by: quotes) }
        let end = bytes[(blank + 1)...].firstIndex(where: ASCII.isBlank) ?? bytes.count
        return blank + 1 < end ? blank + 1..<end : nil
    }

    /// A header's value has blanks in it and ends with the line, or with the quotation mark before the header.
    private func endOfHeader(named key: Range<Int>, from start: Int) -> Int {
        let before = key.lowerBound > 0 ? bytes[key.lowerBound - 1] : 0
        return bytes[start...].firstIndex { byte in
            byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || ASCII.isQuote(before) && byte == before
        } ?? bytes.count
    }

    /// Up to a blank or a sign that separates, but not inside brackets: `[x, y]`, `Optional("x, y")`.
    private func endOfWord(from start: Int) -> Int {
        let endings = Array("&;,)]}<>`".utf8)
        var areBracketsClosed = true
        var index = start
        while index < bytes.count, !ASCII.isBlank(bytes[index]), !endings.contains(bytes[index]) {
            if Self.opening.contains(bytes[index]), areBracketsClosed {
                let end = endOfBrackets(from: index)
                areBracketsClosed = end != nil
                // What begins with a bracket and was cut goes on to the end.
                if end != nil || index == start { return end ?? bytes.count }
            } else if ASCII.isQuote(bytes[index]) {
                // Another one ends the text that the value stands in.
                guard index == start + 1, let literal = quoted(by: index..<index + 1) else { return index }
                return literal.upperBound
            }
            index += 1
        }
        return index
    }

    private static let opening = Array("[{(".utf8)
    private static let closing = Array("]})".utf8)

    /// Behind the bracket that closes this one; nil where none does.
    private func endOfBrackets(from start: Int) -> Int? {
        var depth = 0
        var index = start
        while index < bytes.count {
            let backslashes = bytes[index...].prefix { $0 == UInt8(ascii: "\\") }.count
            if let quotes = quotes(from: index) {
                index = (quoted(by: quotes)?.upperBound ?? quotes.upperBound) + quotes.count
                continue
            }
            index += backslashes
            guard index < bytes.count else { break }
            if Self.opening.contains(bytes[index]) { depth += 1 }
            if Self.closing.contains(bytes[index]) { depth -= 1 }
            if depth == 0 { return index + 1 }
            index += 1
        }
        return nil
    }

    // MARK: Quotation marks

    /// A quotation mark, with the backslashes before it where the text is a string inside a string.
    private func quotes(from start: Int) -> Range<Int>? {
        guard let mark = bytes[start...].firstIndex(where: { $0 != UInt8(ascii: "\\") }), ASCII.isQuote(bytes[mark])
        else { return nil }
        return start..<mark + 1
    }

    /// Up to the same marks, or to the end where there are none. Two marks are one inside the value, as SQL has it.
    private func quoted(by quotes: Range<Int>) -> Range<Int>? {
        let mark = bytes[quotes.upperBound - 1]
        let level = quotes.count - 1
        var end = quotes.upperBound
        while end < bytes.count {
            let backslashes = bytes[end...].prefix { $0 == UInt8(ascii: "\\") }.count
            let next = end + backslashes
            guard next < bytes.count, bytes[next] == mark, Self.closes(backslashes, level: level) else {
                end = next + 1
                continue
            }
            end += max(0, backslashes - level)
            guard level == 0, next + 1 < bytes.count, bytes[next + 1] == mark, end > quotes.upperBound else { break }
            end = next + 2
        }
        end = min(end, bytes.count)
        return quotes.upperBound < end ? quotes.upperBound..<end : nil
    }

    /// Whether a mark behind so many backslashes ends a string that began behind `level`: the others must be
    /// backslashes of the value, of which each is written as so many.
    private static func closes(_ backslashes: Int, level: Int) -> Bool {
        backslashes < level || (backslashes - level) % (2 * (level + 1)) == 0
    }

    // MARK: Without a key

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

    /// `-----BEGIN RSA PRIVATE KEY-----` and what follows, to its end or the text's.
    private func privateKey(from start: Int) -> Range<Int>? {
        let dashes = "-----"
        guard has("-----BEGIN ", at: start), let label = index(of: dashes, from: start + 1 + dashes.utf8.count),
            has(" KEY-----", at: label - 4)
        else { return nil }
        guard let end = index(of: "-----END ", from: label) else { return start..<bytes.count }
        return start..<(index(of: dashes, from: end + 1 + dashes.utf8.count) ?? bytes.count)
    }

    private func index(of text: String, from start: Int) -> Int? {
        bytes.indices.dropFirst(start).first { has(text, at: $0) }
    }
}
