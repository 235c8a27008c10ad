/// Writes values one after the other, without names or padding. Unsigned integers and lengths are LEB128 (seven
/// bits a byte, low ones first), signed ones zigzag LEB128, as in Protocol Buffers; text is its UTF-8 after its
/// length in bytes; an optional value follows a byte 0 or 1; a list follows its count.
public struct WireWriter: Sendable {
    static let version: UInt8 = 1

    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// A writer that has written nothing.
    public init() {}

    /// One byte as it is.
    public mutating func write(byte: UInt8) {
        bytes.append(byte)
    }

    /// LEB128: one to ten bytes.
    public mutating func write(unsigned value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag LEB128: small numbers of either sign are short.
    public mutating func write(signed value: Int64) {
        write(unsigned: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// The count of a list, or a length in bytes.
    public mutating func write(count: Int) {
        write(unsigned: UInt64(max(0, count)))
    }

    /// A byte 0 or 1.
    public mutating func write(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// Eight bytes, low ones first.
    public mutating func write(_ value: Double) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
        }
    }

    /// The length in bytes, then the UTF-8.
    public mutating func write(_ value: String) {
        let utf8 = value.utf8
        write(count: utf8.count)
        bytes.append(contentsOf: utf8)
    }

    /// Seconds and attoseconds: exact.
    public mutating func write(_ value: Duration) {
        write(signed: value.components.seconds)
        write(signed: value.components.attoseconds)
    }

    /// A value that writes itself.
    public mutating func write(_ value: some WireCodable) {
        value.encode(to: &self)
    }

    /// 0 for nil; else 1, then what the closure writes.
    public mutating func write<Value>(_ value: Value?, _ writeValue: (inout WireWriter, Value) -> Void) {
        write(value != nil)
        if let value { writeValue(&self, value) }
    }

    /// A string or nil.
    public mutating func write(_ value: String?) {
        write(value) { $0.write($1) }
    }

    /// The count, then what the closure writes for each element.
    public mutating func write<Element>(_ list: [Element], _ writeElement: (inout WireWriter, Element) -> Void) {
        write(count: list.count)
        for element in list { writeElement(&self, element) }
    }

    /// A list of strings.
    public mutating func write(_ list: [String]) {
        write(list) { $0.write($1) }
    }
}
