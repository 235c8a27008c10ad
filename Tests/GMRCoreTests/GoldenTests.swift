import Foundation
import GMRCore
import Testing

/// Whole reports, held against files in `Golden/`.
@Suite struct GoldenTests {
    @Test func textReport() throws {
        try expectGolden(TextRenderer.render(SampleReport.service), "service.txt")
    }

    @Test func jsonReport() throws {
        try expectGolden(JSONRenderer.render(SampleReport.service), "service.json")
    }

    @Test func xmlReport() throws {
        try expectGolden(XMLRenderer.render(SampleReport.service), "service.xml")
    }

    @Test(arguments: ["txt", "json", "xml"])
    func deadlock(format: String) throws {
        let report = SampleReport.deadlocked
        switch format {
        case "txt": try expectGolden(TextRenderer.render(report), "deadlock.txt")
        case "json": try expectGolden(JSONRenderer.render(report), "deadlock.json")
        default: try expectGolden(XMLRenderer.render(report), "deadlock.xml")
        }
    }

    @Test func smallestTextReport() throws {
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .api), process: ProcessIdentity(pid: 1),
            package: "tiny")
        try expectGolden(TextRenderer.render(report), "smallest.txt")
    }

    /// Writes the file anew where `GMR_UPDATE_GOLDEN` is set; look at the difference before you commit it.
    private func expectGolden(
        _ actual: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        if ProcessInfo.processInfo.environment["GMR_UPDATE_GOLDEN"] != nil {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            try actual.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
            return
        }
        let file = try #require(Bundle.module.url(forResource: "Golden/" + name, withExtension: nil))
        let expected = try String(contentsOf: file, encoding: .utf8)
        guard actual != expected else { return }
        Issue.record(
            """
            \(name) differs ('-' expected, '+' rendered):
            \(lineDifference(expected, actual))
            If the change is meant: GMR_UPDATE_GOLDEN=1 swift test --filter GoldenTests, then review with git diff.
            """, sourceLocation: sourceLocation)
    }

    private func lineDifference(_ expected: String, _ actual: String) -> String {
        let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
        let changes = new.difference(from: old).sorted { position($0) < position($1) }
        return changes.map { change in
            switch change {
            case .remove(let offset, let line, _): "- \(offset + 1): \(line)"
            case .insert(let offset, let line, _): "+ \(offset + 1): \(line)"
            }
        }.joined(separator: "\n")
    }

    private func position(_ change: CollectionDifference<Substring>.Change) -> (Int, Int) {
        switch change {
        case .remove(let offset, _, _): (offset, 0)
        case .insert(let offset, _, _): (offset, 1)
        }
    }
}
