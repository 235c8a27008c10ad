/// Writes JSON (RFC 8259) piece by piece, keys in the order in which they are given.
///
/// Containers are closures, so that every bracket that opens is closed:
/// ```swift
/// var writer = JSONWriter()
/// writer.object { json in
///     json.field("pid", 4711)
///     json.field("arguments") { $0.array(inline: true) { $0.string("--port") } }
/// }
/// ```
/// An object or array is spread over lines, two spaces a level, unless it or one around it is `inline`.
/// A field whose value is nil is left out. A key must not be given twice: see `distinctKeys(_:)`.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var text = ""

    private var depth = 0
    private var isInline = false
    private var isFirstInContainer = true
    private var isAfterKey = false

    public init() {}

    // MARK: Containers

    public mutating func object(inline: Bool = false, _ body: (inout JSONWriter) -> Void) {
        container(open: "{", close: "}", inline: inline, body)
    }

    public mutating func array(inline: Bool = false, _ body: (inout JSONWriter) -> Void) {
        container(open: "[", close: "]", inline: inline, body)
    }

    private mutating func container(
        open: Character, close: Character, inline: Bool, _ body: (inout JSONWriter) -> Void
    ) {
        separate()
        text.append(open)
        let wasInline = isInline
        isInline = isInline || inline
        isFirstInContainer = true
        depth += 1
        body(&self)
        depth -= 1
        if !isFirstInContainer && !isInline { breakLine() }
        isInline = wasInline
        isFirstInContainer = false
        text.append(close)
    }

    // MARK: Fields of an object

    public mutating func field(_ key: String, _ writeValue: (inout JSONWriter) -> Void) {
        separate()
        appendQuoted(key)
        text += ": "
        isAfterKey = true
        writeValue(&self)
    }

    public mutating func field(_ key: String, _ value: String?) {
        guard let value else { return }
        field(key) { $0.string(value) }
    }

    public mutating func field(_ key: String, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        field(key) { $0.integer(value) }
    }

    public mutating func field(_ key: String, _ value: Bool?) {
        guard let value else { return }
        field(key) { $0.bool(value) }
    }

    // MARK: Values

    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
    }

    public mutating func integer(_ value: some FixedWidthInteger) {
        separate()
        text += String(value)
    }

    /// A number that JSON cannot write becomes a string: `"nan"`, `"inf"`, `"-inf"`.
    public mutating func double(_ value: Double) {
        guard value.isFinite else {
            string(value.description)
            return
        }
        separate()
        text += value.description
    }

    public mutating func bool(_ value: Bool) {
        separate()
        text += value ? "true" : "false"
    }

    public mutating func null() {
        separate()
        text += "null"
    }

    /// The keys with ` (2)`, ` (3)`, … after those that occurred before: an object with one key twice means
    /// something else to each parser.
    public static func distinctKeys(_ keys: [String]) -> [String] {
        var taken = Set<String>()
        var counts: [String: Int] = [:]
        return keys.map { key in
            var candidate = key
            while !taken.insert(candidate).inserted {
                counts[key, default: 1] += 1
                candidate = "\(key) (\(counts[key, default: 1]))"
            }
            return candidate
        }
    }

    // MARK: Layout

    /// Puts what stands between this value and the one before it.
    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
            return
        }
        guard depth > 0 else { return }
        if !isFirstInContainer { text.append(",") }
        if !isInline {
            breakLine()
        } else if !isFirstInContainer {
            text.append(" ")
        }
        isFirstInContainer = false
    }

    private mutating func breakLine() {
        text.append("\n")
        for _ in 0..<depth { text += "  " }
    }

    // MARK: Escapes

    private mutating func appendQuoted(_ value: String) {
        text.append("\"")
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
            text += value
        } else {
            for scalar in value.unicodeScalars { appendEscaped(scalar) }
        }
        text.append("\"")
    }

    private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        default:
            if PrintableText.isPrintable(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                // Above U+FFFF as a pair of surrogates, RFC 8259 section 7.
                for unit in scalar.utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
    }
}
