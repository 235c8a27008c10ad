/// Writes XML 1.0 piece by piece, as `KeyValueView` of oslo.reports (`views/xml/generic.py`) shows values: the whole
/// in `<model>`, each key an element of its name, each element of a list an `<item>`.
///
/// ```xml
/// <model>
///   <hosts>
///     <item>db-1</item>
///   </hosts>
///   <item key="2 s">late</item>        a key that is no name
///   <leader null="true"/>              null; <leader/> is empty text, list or key–value
/// </model>
/// ```
/// Unlike there, keys keep their order and are whatever text they are: one that cannot name an element in every
/// parser's view (anything but ASCII letters, digits, `_`, `-`, `.`; the reserved `xml…`; `item` itself) is the
/// attribute of an `<item>`. Elements stand on lines of their own, two spaces a level, `inline` or not.
public struct XMLWriter: StructureWriter, Sendable {
    /// What has been written so far; a copy is made at each access.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    private var utf8: [UInt8] = []
    private var depth = 0
    /// The key of the field whose value comes next.
    private var key: String?

    /// A writer that has written nothing.
    public init() {}

    // MARK: Containers

    /// An element around those of the fields.
    public mutating func object(inline: Bool, _ body: (inout XMLWriter) -> Void) {
        container(body)
    }

    /// An element around an `<item>` for each value.
    public mutating func array(inline: Bool, _ body: (inout XMLWriter) -> Void) {
        container(body)
    }

    private mutating func container(_ body: (inout XMLWriter) -> Void) {
        let name = openElement()
        append(">")
        let start = utf8.count
        depth += 1
        body(&self)
        depth -= 1
        if utf8.count == start {
            utf8.removeLast()
            append("/>")
        } else {
            breakLine()
            closeElement(name)
        }
    }

    /// Gives the name of the element that the field's one value makes.
    public mutating func field(_ key: String, _ writeValue: (inout XMLWriter) -> Void) {
        self.key = key
        writeValue(&self)
    }

    // MARK: Values

    /// Text that a parser gives back, but for what is not printable: that is escaped as in a text report, because
    /// XML 1.0 has no way to write most of it. Tabs and line breaks are kept.
    public mutating func string(_ value: String) {
        let name = openElement()
        guard !value.isEmpty else {
            append("/>")
            return
        }
        append(">")
        appendEscaped(value, inAttribute: false)
        closeElement(name)
    }

    /// Decimal digits.
    public mutating func integer(_ value: some FixedWidthInteger) {
        writeBare(String(value))
    }

    /// As Swift prints it; `nan`, `inf` and `-inf` too.
    public mutating func double(_ value: Double) {
        writeBare(value.description)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        writeBare(value ? "true" : "false")
    }

    /// An empty element with the attribute `null="true"`.
    public mutating func null() {
        _ = openElement()
        append(" null=\"true\"/>")
    }

    /// What the closure writes, kept in `fragment`; or what is kept there.
    public mutating func repeated(_ fragment: inout [UInt8], _ write: (inout XMLWriter) -> Void) {
        guard fragment.isEmpty else {
            utf8.append(contentsOf: fragment)
            return
        }
        let start = utf8.count
        write(&self)
        fragment = Array(utf8[start...])
    }

    /// Text that needs no escapes.
    private mutating func writeBare(_ text: String) {
        let name = openElement()
        append(">")
        append(text)
        closeElement(name)
    }

    // MARK: Elements

    /// Writes a start tag up to the place for further attributes, on a line of its own, and tells the element's name.
    private mutating func openElement() -> String {
        guard depth > 0 else {
            append("<model")
            return "model"
        }
        breakLine()
        append("<")
        guard let key else {
            append("item")
            return "item"
        }
        self.key = nil
        if Self.isElementName(key) {
            append(key)
            return key
        }
        append("item key=\"")
        appendEscaped(key, inAttribute: true)
        append("\"")
        return "item"
    }

    private mutating func closeElement(_ name: String) {
        append("</")
        append(name)
        append(">")
    }

    private mutating func breakLine() {
        append("\n")
        utf8.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func append(_ value: String) {
        utf8.append(contentsOf: value.utf8)
    }

    /// Of the names that XML allows, those that all its editions agree on. A colon would make a namespace.
    private static func isElementName(_ key: String) -> Bool {
        guard let first = key.utf8.first, isLetterOrUnderscore(first), key != "item" else { return false }
        let isReserved = key.utf8.prefix(3).elementsEqual("xml".utf8) { $0 | 0x20 == $1 }
        return !isReserved && key.eachByteSatisfies { isLetterOrUnderscore($0) || isLaterInName($0) }
    }

    private static func isLetterOrUnderscore(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// What a name may hold but not begin with.
    private static func isLaterInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    // MARK: Escapes

    private mutating func appendEscaped(_ value: String, inAttribute: Bool) {
        let isPlain = value.eachByteSatisfies {
            $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E
        }
        guard !isPlain else {
            append(value)
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": append("&amp;")
            case "<": append("&lt;")
            case ">": append("&gt;")
            case "\"": append("&quot;")
            // A parser turns a bare one into a line feed, XML 1.0 section 2.11.
            case "\r": append("&#13;")
            // A parser turns bare ones in attributes into spaces, section 3.3.3.
            case "\n": append(inAttribute ? "&#10;" : "\n")
            case "\t": append(inAttribute ? "&#9;" : "\t")
            default:
                if PrintableText.isPrintable(scalar) {
                    utf8.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                } else {
                    append(PrintableText.escape(scalar))
                }
            }
        }
    }
}
