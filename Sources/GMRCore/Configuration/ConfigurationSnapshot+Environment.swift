extension ConfigurationSnapshot {
    /// Adds the variables of these names that are set, as the group `environment`: only what somebody asked for by name.
    public mutating func show(_ names: [String], of environment: [String: String]) {
        let options = names.compactMap { name in environment[name].map { Option(key: name, value: $0) } }
        guard !options.isEmpty else { return }
        groups.removeAll { $0.name == Self.environmentGroup }
        groups.append(Group(name: Self.environmentGroup, options: options))
    }

    private static let environmentGroup = "environment"
}
