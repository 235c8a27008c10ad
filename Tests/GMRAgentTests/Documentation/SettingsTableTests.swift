import Foundation
import GMRAgent
import Testing

extension DocumentationTests {
    /// The article on settings has a row for each setting, in the words of its definition.
    @Suite struct SettingsTable {
        @Test func theTableIsTheOneOfTheDefinitions() throws {
            let article = try #require(try Article.all().first { $0.name == "AllSettings.md" })
            let shown = try article.text().split(separator: "\n").filter { $0.hasPrefix("|") }.map(String.init)
            if shown != Self.table {
                Issue.record("the table of \(article.path) should be:\n\(Self.table.joined(separator: "\n"))")
            }
        }

        @Test(arguments: try Article.all()) func everyVariableThatIsNamedExists(article: Article) throws {
            // A setting that was renamed or dropped. What a preloaded program is called it has from the environment too.
            let native = try String(
                contentsOf: Article.root.appending(path: "Sources/GMRPreload/EntryPoints.swift"), encoding: .utf8)
            let names = native.matches(of: /variable\("(GMR_[A-Z_]+)"\)/).map { String($0.1) }
            #expect(!names.isEmpty)
            let variables = Set(Settings.definitions.map(\.variable) + names)
            for match in try article.text().matches(of: /GMR_[A-Z_]+/) {
                #expect(variables.contains(String(match.output)), "\(article.path)")
            }
        }

        private static var table: [String] {
            ["| Key | Variable | Type | Default | Meaning |", "|---|---|---|---|---|"]
                + Settings.definitions.map { definition in
                    let unit = definition.unit.map { " (\($0))" } ?? ""
                    let isNumber = ["integer", "number"].contains(definition.type)
                    let range = isNumber ? definition.accepted.map { " (\($0))" } ?? "" : ""
                    return "| `\(definition.key)` | `\(definition.variable)` | \(definition.type)\(unit) "
                        + "| \(definition.defaultText) | \(definition.meaning)\(range) |"
                }
        }
    }
}
