/// Reads what `WireWriter` wrote, and survives anything else: each length is held against what is left.
public struct WireReader: Sendable {
    private let bytes: [UInt8]
    /// How many bytes have been read.
    public private(set) var offset = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public var isAtEnd: Bool { offset == bytes.count }

    public mutating func readByte() throws(WireError) -> UInt8 {
        guard offset < bytes.count else { throw WireError(.truncated, offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

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

    public mutating func readBool() throws(WireError) -> Bool {
        switch try readByte() {
        case 0: return false
        case 1: return true
        default: throw WireError(.unknownTag, offset: offset - 1)
        }
    }

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

    public mutating func readDuration() throws(WireError) -> Duration {
        let start = offset
        let seconds = try readSigned()
        let attoseconds = try readSigned()
        guard attoseconds.magnitude < 1_000_000_000_000_000_000 else {
            throw WireError(.numberOutOfRange, offset: start)
        }
        return Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }

    public mutating func read<Value: WireCodable>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        try Value(from: &self)
    }

    public mutating func readOptionalString() throws(WireError) -> String? {
        try readBool() ? try readString() : nil
    }

    public mutating func readList<Element>(
        _ readElement: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = try readCount()
        var list: [Element] = []
        for _ in 0..<count { list.append(try readElement(&self)) }
        return list
    }

    public mutating func readStrings() throws(WireError) -> [String] {
        try readList { reader throws(WireError) in try reader.readString() }
    }
}
