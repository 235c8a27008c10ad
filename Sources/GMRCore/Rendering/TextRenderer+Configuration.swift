extension TextRenderer {
    /// Groups and their options as oslo.reports shows them; ` (from …)` after a value is ours.
    static func writeConfiguration(_ configuration: ConfigurationSnapshot, to text: inout String) {
        writeHeading("Configuration", to: &text)
        let groups = configuration.groups.map { group in
            let options = group.options.map { (key: $0.key, value: SectionModel.text(valueWithProvider(of: $0))) }
            return (key: group.name, value: SectionModel.keyValue(options))
        }
        KeyValueLayout.configuration.write(.keyValue(groups), to: &text)
    }

    private static func valueWithProvider(of option: ConfigurationSnapshot.Option) -> String {
        // Escaped here: a line break in the provider's name would make a text of several lines of the value.
        option.shownValue + (option.provider.map { " (from \(PrintableText.escaped($0)))" } ?? "")
    }
}
