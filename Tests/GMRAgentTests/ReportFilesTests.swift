import Foundation
import Testing

@testable import GMRAgent

@Suite struct ReportFilesTests {
    /// Where one format's name is taken, all move on together: `_1` belongs to `_1.json`.
    @Test func theFilesOfOneReportHaveOneNumber() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let report = Report(
            generated: Timestamp(nanosecondsSinceEpoch: 1_763_694_002_000_000_000), trigger: Trigger(kind: .api),
            process: ProcessIdentity(pid: 7, serviceName: "a/b"), package: "tests")
        let base = "a_b_gurumeditation_20251121030002"
        for name in [base + ".json", base + "_1"] {
            try "taken".write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
        }
        let files = ReportFiles(directory: directory, of: report, formats: [.text, .json])
        for format in [ReportFormat.text, .json] {
            var file = files.file(for: format, writer: PatientWriter())
            try file.write("new")
            try file.finish()
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(names == [base + ".json", base + "_1", base + "_2", base + "_2.json"])
        #expect(ReportFileName(names[3], serviceName: "a/b")?.sequence == 2)
    }
}
