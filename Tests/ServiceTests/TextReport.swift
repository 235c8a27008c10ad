import Foundation
import ProcessKit

/// A report as a program reads it that knows the layout of oslo.reports.
struct TextReport {
    struct Section {
        var title: String
        var body: String
    }

    /// The first is the report's title.
    var sections: [Section]

    var titles: [String] { sections.map(\.title) }

    subscript(title: String) -> String? { sections.first { $0.title == title }?.body }

    /// All complete reports of a text that has other lines too, such as a service's log.
    static func all(in text: String) -> [TextReport] {
        var reports: [TextReport] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if index >= 1, index + 1 < lines.count, lines[index - 1] == rule, lines[index + 1] == rule,
                let title = Self.title(line)
            {
                if title == "Guru Meditation" { reports.append(TextReport(sections: [])) }
                if !reports.isEmpty { reports[reports.count - 1].sections.append(Section(title: title, body: "")) }
            } else if line != rule, let report = reports.indices.last {
                reports[report].sections[reports[report].sections.count - 1].body += line + "\n"
            }
        }
        return reports.filter { $0["Completeness"]?.contains("finished by: ") ?? false }
    }

    /// The one report of a file.
    init(file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        let reports = Self.all(in: text)
        guard reports.count == 1, text.hasPrefix(Self.rule) else {
            throw ProcessFailure(description: "\(file.lastPathComponent) is not one whole report: \(text)")
        }
        self = reports[0]
    }

    private init(sections: [Section]) {
        self.sections = sections
    }

    /// `key = value` of a section; nil where there is no such key.
    func value(_ key: String, in title: String) -> String? {
        self[title]?.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("\(key) = ") }.map { String($0.dropFirst(key.count + 3)) }
    }

    /// A stack under one heading, which several threads may have.
    struct Stack {
        var tids: [Int32]
        /// `FILE:LINE in NAME`, the outermost first.
        var frames: [String]
    }

    /// The stacks of the section Threads.
    var stacks: [Stack] {
        var stacks: [Stack] = []
        for line in (self["Threads"] ?? "").split(separator: "\n") {
            if line.hasPrefix("------") {
                stacks.append(
                    Stack(
                        tids: line.firstMatch(of: /Thread (\d+)/).flatMap { Int32($0.1) }.map { [$0] } ?? [], frames: []
                    ))
            } else if line.hasPrefix("Threads "), let last = stacks.indices.last {
                stacks[last].tids += line.matches(of: /(?:Threads|,) (\d+)/).compactMap { Int32($0.1) }
            } else if line.contains(" in "), !line.hasPrefix(" "), let last = stacks.indices.last {
                stacks[last].frames.append(String(line))
            }
        }
        return stacks
    }

    private static let rule = String(repeating: "=", count: 72)

    /// `====` title centred in 64 `====`
    private static func title(_ line: Substring) -> String? {
        guard line.count == 72, line.hasPrefix("===="), line.hasSuffix("====") else { return nil }
        return line.dropFirst(4).dropLast(4).trimmingCharacters(in: .whitespaces)
    }
}
