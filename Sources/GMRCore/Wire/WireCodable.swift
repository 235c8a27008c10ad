/// A value that goes from the process under observation to the helper process, in bytes that need no trust: the
/// process may be dying, its heap corrupt. Decoding never traps, and takes memory in proportion to the data.
///
/// The format is private to one build of GMR: the helper is the same executable. It holds no addresses.
public protocol WireCodable {
    func encode(to writer: inout WireWriter)
    init(from reader: inout WireReader) throws(WireError)
}

extension WireCodable {
    /// The value alone, after one byte that tells the format's version.
    public var wireBytes: [UInt8] {
        var writer = WireWriter()
        writer.write(byte: WireWriter.version)
        writer.write(self)
        return writer.bytes
    }

    /// The value of `wireBytes`, and nothing after it.
    public init(wireBytes bytes: [UInt8]) throws(WireError) {
        var reader = WireReader(bytes)
        guard try reader.readByte() == WireWriter.version else { throw WireError(.unknownVersion, offset: 0) }
        try self.init(from: &reader)
        guard reader.isAtEnd else { throw WireError(.trailingBytes, offset: reader.offset) }
    }
}
