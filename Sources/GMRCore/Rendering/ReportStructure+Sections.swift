extension ReportStructure {
    static func write(_ section: Section, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("title", section.title)
            if section.error == nil || section.data != .null {
                writer.field("data") { write(section.data, depth: 0, to: &$0) }
            }
            writer.field("error", section.error)
        }
    }

    private static func write<Writer: StructureWriter>(_ model: SectionModel, depth: Int, to writer: inout Writer) {
        guard depth < SectionModel.maximumDepth else {
            writer.string(SectionModel.cutMarker)
            return
        }
        switch model {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .double(let value): writer.double(value)
        case .text(let value): writer.string(value)
        case .list(let elements):
            writer.array(of: elements) { write($1, depth: depth + 1, to: &$0) }
        case .keyValue(let pairs):
            let keys = Writer.distinctKeys(pairs.map(\.key))
            writer.object { writer in
                for (key, pair) in zip(keys, pairs) {
                    writer.field(key) { write(pair.value, depth: depth + 1, to: &$0) }
                }
            }
        case .table(let columns, let rows):
            write(columns: columns, rows: rows, to: &writer)
        }
    }

    /// An array of objects keyed by column. A row that is too short lacks keys; what a row has beyond the columns
    /// is keyed `column N`, counted from 1.
    private static func write<Writer: StructureWriter>(
        columns: [String], rows: [[String]], to writer: inout Writer
    ) {
        let width = max(columns.count, rows.map(\.count).max() ?? 0)
        let keys = Writer.distinctKeys(columns + (columns.count..<width).map { "column \($0 + 1)" })
        writer.array(of: rows) { writer, row in
            writer.object(inline: true) { writer in
                for (key, cell) in zip(keys, row) { writer.field(key, cell) }
            }
        }
    }
}
