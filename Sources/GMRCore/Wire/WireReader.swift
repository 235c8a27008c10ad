/// Reads what `WireWriter` wrote, and survives anything else: each length is held against what is left.
public struct WireReader: Sendable {
    private let bytes: [UInt8]
    /// How many bytes have been read.
    public private(set) var offset = 0

    /// A reader at the beginning of the bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether all bytes have been read.
    public var isAtEnd: Bool { offset == bytes.count }

    /// One byte as it is. Throws `.truncated` at the end, as every other read does.
    public mutating func readByte() throws(WireError) -> UInt8 {
        guard offset < bytes.count else { throw WireError(.truncated, offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// LEB128; throws `.numberOutOfRange` beyond 64 bits.
    public mutating func readUnsigned() throws(WireError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try readByte()
            // The tenth byte has room for the highest bit only.
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw WireError(.numberOutOfRange, offset: start)
    }

    /// Zigzag LEB128.
    public mutating func readSigned() throws(WireError) -> Int64 {
        let value = try readUnsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A signed number that fits `Int`; what does not fit the caller's own range is the caller's to check.
    public mutating func readInt() throws(WireError) -> Int {
        let start = offset
        guard let value = Int(exactly: try readSigned()) else { throw WireError(.numberOutOfRange, offset: start) }
        return value
    }

    /// A count of elements, each of which takes a byte at least.
    public mutating func readCount() throws(WireError) -> Int {
        let start = offset
        let count = try readUnsigned()
        guard count <= UInt64(bytes.count - offset) else { throw WireError(.lengthOutOfRange, offset: start) }
        return Int(count)
    }

    /// A byte 0 or 1; throws `.unknownTag` for another.
    public mutating func readBool() throws(WireError) -> Bool {
        switch try readByte() {
        case 0: return false
        case 1: return true
        default: throw WireError(.unknownTag, offset: offset - 1)
        }
    }

    /// Eight bytes, low ones first: any bit pattern, NaN among them.
    public mutating func readDouble() throws(WireError) -> Double {
        var pattern: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { pattern |= UInt64(try readByte()) << shift }
        return Double(bitPattern: pattern)
    }

    /// Bytes that are not UTF-8 become `\xNN`: text that suffered is better than none.
    public mutating func readString() throws(WireError) -> String {
        let count = try readCount()
        defer { offset += count }
        return PrintableText.string(fromUntrusted: Array(bytes[offset..<offset + count]))
    }

    /// Seconds and attoseconds; throws `.numberOutOfRange` where the latter are a second or more.
    public mutating func readDuration() throws(WireError) -> Duration {
        let start = offset
        let seconds = try readSigned()
        let attoseconds = try readSigned()
        guard attoseconds.magnitude < 1_000_000_000_000_000_000 else {
            throw WireError(.numberOutOfRange, offset: start)
        }
        return Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }

    /// A value that reads itself.
    public mutating func read<Value: WireCodable>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        try Value(from: &self)
    }

    /// A string or nil.
    public mutating func readOptionalString() throws(WireError) -> String? {
        try readBool() ? try readString() : nil
    }

    /// A list; throws `.lengthOutOfRange` where its count is larger than what is left.
    public mutating func readList<Element>(
        _ readElement: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = try readCount()
        var list: [Element] = []
        for _ in 0..<count { list.append(try readElement(&self)) }
        return list
    }

    /// A list of strings.
    public mutating func readStrings() throws(WireError) -> [String] {
        try readList { reader throws(WireError) in try reader.readString() }
    }
}
