extension ReportStructure {
    /// A group under its key in the report, and its options under theirs.
    private typealias KeyedGroup = (key: String, options: [(key: String, option: ConfigurationSnapshot.Option)])

    /// The field `configuration`, as the contract has it: {group: {option: value}}. Where it is known of any option
    /// who provided its value, the field `configurationProviders` follows: {group: {option: provider}}.
    static func writeConfiguration<Writer: StructureWriter>(
        _ configuration: ConfigurationSnapshot, to writer: inout Writer
    ) {
        // Made distinct once: an option has the same keys in both fields.
        let groups: [KeyedGroup] = zip(Writer.distinctKeys(configuration.groups.map(\.name)), configuration.groups)
            .map { key, group in
                (key, zip(Writer.distinctKeys(group.options.map(\.key)), group.options).map { ($0, $1) })
            }
        writer.field("configuration") { write(groups, to: &$0) { $0.shownValue } }
        let provided = groups.filter { $0.options.contains { $0.option.provider != nil } }
        guard !provided.isEmpty else { return }
        writer.field("configurationProviders") { write(provided, to: &$0) { $0.provider } }
    }

    /// What is told of each option; an option of which it is nil is left out.
    private static func write(
        _ groups: [KeyedGroup], to writer: inout some StructureWriter,
        telling text: (ConfigurationSnapshot.Option) -> String?
    ) {
        writer.object { writer in
            for group in groups {
                writer.field(group.key) { writer in
                    writer.object { writer in
                        for (key, option) in group.options { writer.field(key, text(option)) }
                    }
                }
            }
        }
    }
}
