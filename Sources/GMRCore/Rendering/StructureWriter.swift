/// A format in which values nest as in JSON: objects of keys and values, arrays, text, numbers, true and false, null.
///
/// A report is described once, for any such format. Containers are closures, so that each one that opens is closed:
/// ```swift
/// writer.object { writer in
///     writer.field("pid", 4711)
///     writer.field("arguments") { $0.array(of: ["--port", "80"], inline: true) { $0.string($1) } }
/// }
/// ```
/// One value is written in all, each field gets one value, and no key is given twice: see `distinctKeys(_:)`.
public protocol StructureWriter {
    /// An object whose fields the closure writes, with `field` alone. `inline` says that it is small: a format may
    /// keep it, and all that is in it, on one line.
    mutating func object(inline: Bool, _ body: (inout Self) -> Void)
    /// An array whose elements the closure writes; `inline` as for an object.
    mutating func array(inline: Bool, _ body: (inout Self) -> Void)
    /// A field whose one value the closure writes.
    mutating func field(_ key: String, _ writeValue: (inout Self) -> Void)
    /// Text. What the format cannot hold or a reader should not meet raw is escaped.
    mutating func string(_ value: String)
    /// An integer, in full.
    mutating func integer(_ value: some FixedWidthInteger)
    /// A number; the shortest digits that give it back.
    mutating func double(_ value: Double)
    /// True or false.
    mutating func bool(_ value: Bool)
    /// The value that says there is none.
    mutating func null()
    /// What the closure writes in an object that is not empty any more, and the same again wherever `fragment` is not
    /// empty any more either: copying costs little. Only at one depth.
    mutating func repeated(_ fragment: inout [UInt8], _ write: (inout Self) -> Void)
}

extension StructureWriter {
    /// An object that may be spread over lines.
    public mutating func object(_ body: (inout Self) -> Void) {
        object(inline: false, body)
    }

    /// An array that may be spread over lines.
    public mutating func array(_ body: (inout Self) -> Void) {
        array(inline: false, body)
    }

    /// An array with what the closure writes for each element: one value.
    public mutating func array<Element>(
        of elements: [Element], inline: Bool = false, _ writeElement: (inout Self, Element) -> Void
    ) {
        array(inline: inline) { writer in for element in elements { writeElement(&writer, element) } }
    }

    /// A field with text; none for nil.
    public mutating func field(_ key: String, _ value: String?) {
        guard let value else { return }
        field(key) { $0.string(value) }
    }

    /// A field with an integer; none for nil.
    public mutating func field(_ key: String, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        field(key) { $0.integer(value) }
    }

    /// A field with true or false; none for nil.
    public mutating func field(_ key: String, _ value: Bool?) {
        guard let value else { return }
        field(key) { $0.bool(value) }
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
}
