/// The table that is printed in the end.
struct Table {
    struct Row {
        var what: String
        var target = ""
        var measured: String
        var peer = ""
        var isMet: Bool?
    }

    private(set) var rows: [Row] = []

    mutating func add(
        _ what: String, target: String = "", measured: String, peer: String = "", isMet: Bool? = nil
    ) {
        rows.append(Row(what: what, target: target, measured: measured, peer: peer, isMet: isMet))
    }

    var text: String {
        let header = ["what", "target", "measured: median (min…max)", "ratio, peer", "met"]
        let cells = rows.map { [$0.what, $0.target, $0.measured, $0.peer, $0.isMet.map { $0 ? "yes" : "NO" } ?? ""] }
        let widths = header.indices.map { column in ([header] + cells).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |\n"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) + "|" }.joined() + "\n"
        return line(header) + rule + cells.map(line).joined()
    }
}
