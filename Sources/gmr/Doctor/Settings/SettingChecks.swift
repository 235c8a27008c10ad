import GMRCore

/// The `GMR_…` variables of an environment. No other variable is looked at but for its name.
enum SettingChecks {
    private static let check = "settings"

    /// Read by libgmr.so beside the settings: GMRPreload/EntryPoints.swift.
    static let nativeVariables = [
        "GMR_SERVICE_NAME", "GMR_PACKAGE_PRODUCT", "GMR_PACKAGE_VENDOR", "GMR_PACKAGE_VERSION",
    ]

    static let variables = Settings.definitions.map(\.variable) + nativeVariables

    /// What is in force if the program does not set it otherwise.
    static func settings(_ environment: [String: String]) -> Settings {
        var settings = Settings()
        _ = settings.apply(environment: environment)
        return settings
    }

    static func findings(_ environment: [String: String]) -> [Finding] {
        var settings = Settings()
        var findings = settings.apply(environment: environment).map { problem in
            Finding.warning(
                check, "\(problem.variable)=\(shown(problem.value)) \(problem.complaint); \(problem.used) is in force.",
                do: "set it to one of: \(problem.accepted)")
        }
        // What is empty counts as not set.
        let unknown = environment.filter { name, value in
            name.uppercased().hasPrefix("GMR_") && !variables.contains(name) && !value.isEmpty
        }
        findings += unknown.keys.sorted().map(unknownVariable)
        if !settings.isEnabled {
            findings.append(
                .warning(check, "GMR_ENABLE=0 turns reports off.", do: "unset GMR_ENABLE and start the service again"))
        }
        if findings.isEmpty {
            let names = variables.filter { environment[$0]?.isEmpty == false }
            let text = names.isEmpty ? "No GMR_ variable is set: the defaults hold." : "Set and usable: \(list(names))."
            findings.append(.ok(check, text))
        }
        return findings
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private static func shown(_ value: String) -> String { value.count > 64 ? value.prefix(64) + "…" : value }

    private static func unknownVariable(_ name: String) -> Finding {
        let text = "\(shown(name)) is no variable of GMR, and has no effect."
        if let nearest = nearest(to: name) { return .warning(check, text, do: "if you mean \(nearest), call it that") }
        return .warning(check, text, do: "see the article Settings for those there are, or remove it")
    }

    /// Nil where none is near.
    static func nearest(to name: String) -> String? {
        let name = name.uppercased()
        let distances = variables.map { (name: $0, distance: distance(Array($0.utf8), Array(name.utf8))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= 3 else { return nil }
        return best.name
    }

    /// Insertions, removals and replacements from one to the other (Levenshtein).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard b.count <= 64 else { return .max }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
