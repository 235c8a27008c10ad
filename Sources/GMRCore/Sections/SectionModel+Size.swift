extension SectionModel {
    /// Whether the text in it alone takes more than `byteCount` bytes; stops counting there.
    public func exceeds(byteCount: Int) -> Bool {
        var left = byteCount
        take(&left, depth: 0)
        return left < 0
    }

    private func take(_ left: inout Int, depth: Int) {
        guard depth <= Self.maximumDepth else { return }  // no format shows what lies deeper
        // A value without text takes a byte: a list of a billion nulls is large too.
        left -= 1
        switch self {
        case .null, .bool, .integer, .double: break
        case .text(let text): left -= text.utf8.count
        case .list(let elements):
            for element in elements where left >= 0 { element.take(&left, depth: depth + 1) }
        case .keyValue(let pairs):
            for (key, value) in pairs where left >= 0 {
                left -= key.utf8.count
                value.take(&left, depth: depth + 1)
            }
        case .table(let columns, let rows):
            for cells in [columns] + rows where left >= 0 {
                for cell in cells { left -= cell.utf8.count + 1 }
            }
        }
    }
}
