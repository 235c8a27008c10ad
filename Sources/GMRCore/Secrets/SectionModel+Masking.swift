extension SectionModel {
    /// Without secrets: what stands below a secret key, in a table's secret column, or in text.
    public func masked(by masker: SecretMasker) -> SectionModel {
        masked(by: masker, isSecret: false, depth: 0)
    }

    private func masked(by masker: SecretMasker, isSecret: Bool, depth: Int) -> SectionModel {
        guard depth <= Self.maximumDepth else { return .text(Self.cutMarker) }
        switch self {
        case .null, .bool: return self
        case .integer, .double: return isSecret ? .text(SecretMasker.mask) : self
        case .text(let text): return .text(isSecret ? SecretMasker.mask : masker.masked(text))
        case .list(let elements):
            return .list(elements.map { $0.masked(by: masker, isSecret: isSecret, depth: depth + 1) })
        case .keyValue(let pairs):
            return .keyValue(
                pairs.map { pair in
                    let isSecret = isSecret || masker.keys.contains(pair.key)
                    return (
                        key: masker.masked(pair.key),
                        value: pair.value.masked(by: masker, isSecret: isSecret, depth: depth + 1)
                    )
                })
        case .table(let columns, let rows):
            let secretColumns = columns.map { isSecret || masker.keys.contains($0) }
            return .table(
                columns: columns.map(masker.masked),
                rows: rows.map { row in
                    row.enumerated().map { index, cell in
                        let isSecret = index < secretColumns.count ? secretColumns[index] : isSecret
                        return isSecret ? SecretMasker.mask : masker.masked(cell)
                    }
                })
        }
    }
}

extension Section {
    /// Without secrets.
    public func masked(by masker: SecretMasker) -> Section {
        Section(
            title: masker.masked(title), data: data.masked(by: masker), error: error.map { masker.masked($0) })
    }
}
