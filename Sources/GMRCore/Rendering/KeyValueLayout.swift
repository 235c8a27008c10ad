/// Nested values as indented lines: `KeyValueView` of oslo.reports (`views/text/generic.py`).
///
/// ```
/// hosts =                 a list: its items, two spaces deeper
///   db-1
/// limits =                a key–value: its keys sorted, two spaces deeper
///   size = 8
/// ```
/// A key–value inside a list is announced by `[dict]`. Text of several lines goes below its key. Unlike
/// oslo.reports, lists keep their order. `key = ` and `group: ` end with a space, as they do there.
struct KeyValueLayout {
    /// Between a key and the values nested in it.
    var groupSeparator: String
    /// Whether a blank line stands before a key with nested values.
    var blankLineBeforeGroup: Bool

    /// Registered sections.
    static let section = KeyValueLayout(groupSeparator: " = ", blankLineBeforeGroup: false)
    /// The Configuration section.
    static let configuration = KeyValueLayout(groupSeparator: ": ", blankLineBeforeGroup: true)

    func write(_ model: SectionModel, to text: inout String) {
        let before = text.utf8.count
        write(model, key: nil, level: -1, to: &text)
        if text.utf8.count == before { text += "(empty)\n" }
    }

    private func write(_ model: SectionModel, key: String?, level: Int, to text: inout String) {
        guard level < SectionModel.maximumDepth - 1 else {
            writeScalar(SectionModel.cutMarker, key: key, level: level, to: &text)
            return
        }
        switch model {
        case .null: writeScalar("none", key: key, level: level, to: &text)
        case .bool(let value): writeScalar(value ? "true" : "false", key: key, level: level, to: &text)
        case .integer(let value): writeScalar(String(value), key: key, level: level, to: &text)
        case .double(let value): writeScalar(value.description, key: key, level: level, to: &text)
        case .text(let value): writeText(value, key: key, level: level, to: &text)
        case .keyValue(let pairs):
            if let key {
                writeGroup(key, level: level, to: &text)
            } else if level > 0 {
                writeScalar("[dict]", key: nil, level: level, to: &text)
            }
            for pair in pairs.sorted(by: { $0.key < $1.key }) {
                write(pair.value, key: pair.key, level: level + 1, to: &text)
            }
        case .list(let elements):
            if let key { writeGroup(key, level: level, to: &text) }
            for element in elements { write(element, key: nil, level: level + 1, to: &text) }
        case .table(let columns, let rows):
            if let key { writeGroup(key, level: level, to: &text) }
            for line in TableLayout(columns: columns, rows: rows).lines { writeLine(line, level: level + 1, to: &text) }
        }
    }

    private func writeText(_ value: String, key: String?, level: Int, to text: inout String) {
        let lines = value.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard lines.count > 1 else {
            writeScalar(value, key: key, level: level, to: &text)
            return
        }
        if let key { writeGroup(key, level: level, to: &text) }
        for line in lines { writeLine(String(line), level: level + 1, to: &text) }
    }

    private func writeGroup(_ key: String, level: Int, to text: inout String) {
        if blankLineBeforeGroup { text += "\n" }
        writeLine(key + groupSeparator, level: level, to: &text)
    }

    private func writeScalar(_ value: String, key: String?, level: Int, to text: inout String) {
        writeLine((key.map { $0 + " = " } ?? "") + value, level: level, to: &text)
    }

    private func writeLine(_ line: String, level: Int, to text: inout String) {
        for _ in 0..<max(0, level) { text += "  " }
        TextRenderer.writeLine(line, to: &text)
    }
}
