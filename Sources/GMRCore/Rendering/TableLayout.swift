/// A table as `TableView` of oslo.reports draws it: columns of equal width that fill 72 characters, cells centred,
/// `|` between them. Unlike there, a column with a longer cell is as wide as that cell, so that columns line up.
struct TableLayout {
    /// Columns, a rule, and a line for each row; a row that is too short is filled with empty cells.
    let lines: [String]

    init(columns: [String], rows: [[String]]) {
        let columnCount = max(columns.count, rows.map(\.count).max() ?? 0)
        guard columnCount > 0 else {
            lines = []
            return
        }
        let cells = ([columns] + rows).map { row in
            (0..<columnCount).map { $0 < row.count ? PrintableText.escaped(row[$0]) : "" }
        }
        let evenWidth = max(1, (72 - columnCount + 1) / columnCount)
        let widths = (0..<columnCount).map { column in cells.reduce(evenWidth) { max($0, $1[column].count) } }
        let drawn = cells.map { row in
            zip(row, widths).map { TextRenderer.centred($0, in: $1) }.joined(separator: "|")
        }
        let width = max(72, drawn[0].count)
        let padded = drawn.map { $0 + String(repeating: " ", count: max(0, width - $0.count)) }
        lines = [padded[0], String(repeating: "-", count: width)] + padded.dropFirst()
    }
}
