extension SectionModel: WireCodable {
    fileprivate enum Tag: UInt8 {
        case null, no, yes, integer, double, text, list, keyValue, table
    }

    /// What nests deeper than `maximumDepth` is cut, and marked as such.
    public func encode(to writer: inout WireWriter) {
        encode(to: &writer, depth: 0)
    }

    private func encode(to writer: inout WireWriter, depth: Int) {
        guard depth < Self.maximumDepth else {
            writer.write(Tag.text)
            writer.write(Self.cutMarker)
            return
        }
        switch self {
        case .null: writer.write(Tag.null)
        case .bool(let value): writer.write(value ? Tag.yes : Tag.no)
        case .integer(let value):
            writer.write(Tag.integer)
            writer.write(signed: value)
        case .double(let value):
            writer.write(Tag.double)
            writer.write(value)
        case .text(let value):
            writer.write(Tag.text)
            writer.write(value)
        case .list(let elements):
            writer.write(Tag.list)
            writer.write(elements) { writer, element in element.encode(to: &writer, depth: depth + 1) }
        case .keyValue(let pairs):
            writer.write(Tag.keyValue)
            writer.write(pairs) { writer, pair in
                writer.write(pair.key)
                pair.value.encode(to: &writer, depth: depth + 1)
            }
        case .table(let columns, let rows):
            writer.write(Tag.table)
            writer.write(columns)
            writer.write(rows) { writer, row in writer.write(row) }
        }
    }

    /// - Throws: `WireError`, `.tooDeep` among others.
    public init(from reader: inout WireReader) throws(WireError) {
        self = try Self.decode(from: &reader, depth: 0)
    }

    private static func decode(from reader: inout WireReader, depth: Int) throws(WireError) -> SectionModel {
        let start = reader.offset
        guard depth <= maximumDepth else { throw WireError(.tooDeep, offset: start) }
        switch Tag(rawValue: try reader.readByte()) {
        case .null: return .null
        case .no: return .bool(false)
        case .yes: return .bool(true)
        case .integer: return .integer(try reader.readSigned())
        case .double: return .double(try reader.readDouble())
        case .text: return .text(try reader.readString())
        case .list:
            return .list(
                try reader.readList { reader throws(WireError) in try decode(from: &reader, depth: depth + 1) })
        case .keyValue:
            return .keyValue(
                try reader.readList { reader throws(WireError) in
                    (key: try reader.readString(), value: try decode(from: &reader, depth: depth + 1))
                })
        case .table:
            return .table(
                columns: try reader.readStrings(),
                rows: try reader.readList { reader throws(WireError) in try reader.readStrings() })
        case nil: throw WireError(.unknownTag, offset: start)
        }
    }
}

extension WireWriter {
    fileprivate mutating func write(_ tag: SectionModel.Tag) {
        write(byte: tag.rawValue)
    }
}
