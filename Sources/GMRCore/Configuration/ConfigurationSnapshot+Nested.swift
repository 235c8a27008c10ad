extension ConfigurationSnapshot {
    /// From any nested source: top-level key–values become groups, deeper ones dotted keys in their group, and what
    /// stands alone at the top goes into the group `DEFAULT`, as it is called in oslo.config. A list of plain values is
    /// one value, `a, b`; one of key–values is numbered, `hosts.0.name`.
    public init(_ model: SectionModel) {
        self.init()
        guard case .keyValue(let pairs) = model else {
            add(model, key: "", to: Self.defaultGroup)
            return
        }
        for pair in pairs {
            if case .keyValue(let options) = pair.value {
                for option in options { add(option.value, key: option.key, to: pair.key) }
            } else {
                add(pair.value, key: pair.key, to: Self.defaultGroup)
            }
        }
    }

    private static let defaultGroup = "DEFAULT"

    private mutating func add(_ model: SectionModel, key: String, to group: String, depth: Int = 0) {
        func join(_ part: String) -> String { key.isEmpty ? part : key + "." + part }
        guard depth < SectionModel.maximumDepth else {
            append(Option(key: key, value: SectionModel.cutMarker), to: group)
            return
        }
        switch model {
        case .keyValue(let pairs):
            for pair in pairs { add(pair.value, key: join(pair.key), to: group, depth: depth + 1) }
        case .list(let elements):
            let texts = elements.compactMap(\.scalarText)
            if texts.count == elements.count {
                append(Option(key: key, value: texts.joined(separator: ", ")), to: group)
            } else {
                for (index, element) in elements.enumerated() {
                    add(element, key: join("\(index)"), to: group, depth: depth + 1)
                }
            }
        case .table(let columns, let rows):
            for (index, row) in rows.enumerated() {
                for (column, cell) in zip(columns, row) {
                    append(Option(key: join("\(index).\(column)"), value: cell), to: group)
                }
            }
        case .null, .bool, .integer, .double, .text:
            append(Option(key: key, value: model.scalarText ?? ""), to: group)
        }
    }

    private mutating func append(_ option: Option, to name: String) {
        if let index = groups.firstIndex(where: { $0.name == name }) {
            groups[index].options.append(option)
        } else {
            groups.append(Group(name: name, options: [option]))
        }
    }
}

extension SectionModel {
    /// Nil for what nests.
    fileprivate var scalarText: String? {
        switch self {
        case .null: "none"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .text(let value): value
        case .list, .keyValue, .table: nil
        }
    }
}
