extension Settings {
    /// Takes over what the environment sets: the `GMR_…` variables of `definitions`.
    ///
    /// A variable that is empty counts as not set. One that cannot be used leaves the setting as it was.
    /// - Returns: A problem for each value that could not be used; the others are taken over all the same.
    public mutating func apply(environment: [String: String]) -> [SettingProblem] {
        Self.definitions.flatMap { definition in
            guard let text = environment[definition.variable], !text.isEmpty else { return [SettingProblem]() }
            return apply(text, to: definition, named: definition.variable)
        }
    }

    /// Takes over one value, as text; `name` is what its source calls it.
    public mutating func apply(
        _ text: String, to definition: SettingDefinition, named name: String
    ) -> [SettingProblem] {
        let complaints = definition.parse(text, &self)
        return complaints.map { complaint in
            SettingProblem(
                variable: name, value: text, complaint: complaint, used: definition.show(self),
                accepted: definition.accepted ?? "text")
        }
    }
}
