extension JSONRenderer {
    static func write(_ section: Section, to json: inout JSONWriter) {
        json.object { json in
            json.field("title", section.title)
            if section.error == nil || section.data != .null {
                json.field("data") { write(section.data, depth: 0, to: &$0) }
            }
            json.field("error", section.error)
        }
    }

    private static func write(_ model: SectionModel, depth: Int, to json: inout JSONWriter) {
        guard depth < SectionModel.maximumDepth else {
            json.string(SectionModel.cutMarker)
            return
        }
        switch model {
        case .null: json.null()
        case .bool(let value): json.bool(value)
        case .integer(let value): json.integer(value)
        case .double(let value): json.double(value)
        case .text(let value): json.string(value)
        case .list(let elements):
            json.array { json in for element in elements { write(element, depth: depth + 1, to: &json) } }
        case .keyValue(let pairs):
            let keys = JSONWriter.distinctKeys(pairs.map(\.key))
            json.object { json in
                for (key, pair) in zip(keys, pairs) {
                    json.field(key) { write(pair.value, depth: depth + 1, to: &$0) }
                }
            }
        case .table(let columns, let rows):
            write(columns: columns, rows: rows, to: &json)
        }
    }

    /// An array of objects keyed by column. A row that is too short lacks keys; what a row has beyond the columns
    /// is keyed `column N`, counted from 1.
    private static func write(columns: [String], rows: [[String]], to json: inout JSONWriter) {
        let width = max(columns.count, rows.map(\.count).max() ?? 0)
        let keys = JSONWriter.distinctKeys(columns + (columns.count..<width).map { "column \($0 + 1)" })
        json.array { json in
            for row in rows {
                json.object(inline: true) { json in
                    for (key, cell) in zip(keys, row) { json.field(key, cell) }
                }
            }
        }
    }
}
