import Foundation
import Testing

/// A page of documentation, and the file beside it whose regions hold the page's code.
struct Article: CustomTestStringConvertible {
    /// From the package's root: `README.md`, `Sources/GMRAgent/GMRAgent.docc/Triggers.md`.
    let path: String

    var name: String { (path as NSString).lastPathComponent }
    var testDescription: String { name }

    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
    private static let catalog = "Sources/GMRAgent/GMRAgent.docc"
    private static let codeFolder = "Tests/GMRAgentTests/Documentation/Articles"
    private static let codeEnding = "Snippets.swift"

    static func all() throws -> [Article] {
        let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: catalog).path)
        let articles = names.filter { $0.hasSuffix(".md") }.sorted().map { Article(path: "\(catalog)/\($0)") }
        return [Article(path: "README.md")] + articles
    }

    /// The articles that files of code are named for: `Triggers.md` for `TriggersSnippets.swift`.
    static func codeNames() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: codeFolder).path)
        return names.filter { $0.hasSuffix(".swift") }.map { $0.replacingOccurrences(of: codeEnding, with: ".md") }
    }

    func text() throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// What stands between ` ```swift ` and ` ``` `, but for imports. A manifest is no code of a program: it is marked
    /// ` ```text `.
    func blocks() throws -> [String] {
        try swiftBlocks().map { block in
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.drop { $0.isEmpty || $0.hasPrefix("import ") }.joined(separator: "\n")
        }
    }

    /// The lines `import …` of all blocks.
    func imports() throws -> [String] {
        try swiftBlocks().flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("import ") }.map(String.init)
    }

    private func swiftBlocks() throws -> [String] {
        try Self.parts(of: text(), from: { $0 == "```swift" }, to: { $0 == "```" })
    }

    /// What stands between `// snippet` and `// end` in the file of code.
    func regions() throws -> [String] {
        try Self.parts(of: code(), from: { $0 == "// snippet" }, to: { $0 == "// end" })
    }

    /// `Articles/NAMESnippets.swift`; empty where there is no such file.
    func code() throws -> String {
        let file = Self.root.appending(
            path: Self.codeFolder + "/" + name.replacingOccurrences(of: ".md", with: Self.codeEnding))
        guard FileManager.default.fileExists(atPath: file.path) else { return "" }
        return try String(contentsOf: file, encoding: .utf8)
    }

    private static func parts(
        of text: String, from isBegin: (Substring) -> Bool, to isEnd: (Substring) -> Bool
    ) -> [String] {
        var parts: [String] = []
        var lines: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " }
            if let part = lines, isEnd(bare) {
                parts.append(withoutCommonIndentation(part))
                lines = nil
            } else if lines != nil {
                lines?.append(line)
            } else if isBegin(bare) {
                lines = []
            }
        }
        return parts
    }

    private static func withoutCommonIndentation(_ lines: [Substring]) -> String {
        let indentation = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(indentation)) }.joined(separator: "\n")
    }
}
