extension SectionModel {
    /// Without secrets: what stands below a secret key, in a table's secret column, or in text.
    public func masked(by masker: SecretMasker) -> SectionModel {
        masked(by: masker, isSecret: false, depth: 0)
    }

    private func masked(by masker: SecretMasker, isSecret: Bool, depth: Int) -> SectionModel {
        guard depth <= Self.maximumDepth else { return .text(Self.cutMarker) }
        switch self {
        case .null, .bool: return self
        case .integer(let value): return isSecret || masker.isKnown("\(value)") ? .text(SecretMasker.mask) : self
        case .double(let value): return isSecret || masker.isKnown("\(value)") ? .text(SecretMasker.mask) : self
        case .text(let text): return .text(isSecret ? SecretMasker.mask : masker.masked(text))
        case .list(let elements):
            return .list(elements.map { $0.masked(by: masker, isSecret: isSecret, depth: depth + 1) })
        case .keyValue(let pairs):
            // `name: DB_PASSWORD, value: …`
            let namesSecret = pairs.contains { Self.isNameKey($0.key) && masker.keys.contains($0.value.text) }
            return .keyValue(
                pairs.map { pair in
                    let isSecret =
                        isSecret || masker.keys.contains(pair.key)
                        || namesSecret && pair.key.lowercased() == Self.valueKey
                    return (
                        key: masker.masked(pair.key),
                        value: pair.value.masked(by: masker, isSecret: isSecret, depth: depth + 1)
                    )
                })
        case .table(let columns, let rows):
            let secretColumns = columns.map { isSecret || masker.keys.contains($0) }
            let nameColumns = columns.indices.filter { Self.isNameKey(columns[$0]) }
            return .table(
                columns: columns.map(masker.masked),
                rows: rows.map { row in
                    let namesSecret = nameColumns.contains { $0 < row.count && masker.keys.contains(row[$0]) }
                    return row.enumerated().map { index, cell in
                        guard index < columns.count else { return isSecret ? SecretMasker.mask : masker.masked(cell) }
                        let isSecret =
                            secretColumns[index] || namesSecret && columns[index].lowercased() == Self.valueKey
                        return isSecret ? SecretMasker.mask : masker.masked(cell)
                    }
                })
        }
    }

    /// Whether what stands under this key, or in this column, is the name of what `value` has.
    static func isNameKey(_ key: some StringProtocol) -> Bool {
        ["name", "key", "option", "setting", "variable"].contains(key.lowercased())
    }

    static let valueKey = "value"

    private var text: String {
        if case .text(let text) = self { text } else { "" }
    }
}

extension Section {
    /// In characters. It is cut here, where no secret is left of which a part might stay.
    private static let longestError = 2000

    /// Without secrets.
    public func masked(by masker: SecretMasker) -> Section {
        Section(
            title: masker.masked(title), data: data.masked(by: masker),
            error: error.map { String(masker.masked($0).prefix(Self.longestError)) })
    }
}
