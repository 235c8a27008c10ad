import Foundation
import Testing

@testable import GMRAgent

@Suite struct ReportFilesTests {
    /// Where one format's name is taken, all move on together: `_1` belongs to `_1.json`.
    @Test func theFilesOfOneReportHaveOneNumber() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let report = Self.report(serviceName: "a/b")
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

    /// In two containers, services may have one name, one number and one directory.
    @Test func twoReportsAtTheSameTime() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func file() -> ReportFile {
            ReportFiles(directory: directory, of: Self.report(serviceName: "a"), formats: [.text])
                .file(for: .text, writer: PatientWriter())
        }
        var (one, other) = (file(), file())
        try one.write("one")
        try other.write("other")
        try one.finish()
        try other.finish()
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(names == ["a_gurumeditation_20251121030002", "a_gurumeditation_20251121030002_1"])
        let texts = try names.map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
        #expect(texts == ["one", "other"])
    }

    /// Of three reports in one second the first is removed before the third comes.
    @Test func aNumberThatIsFreeAgainIsNotTakenAgain() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let base = "a_gurumeditation_20251121030002"
        for name in [base + "_1", base + ".gmr"] {
            try "taken".write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
        }
        let files = ReportFiles(directory: directory, of: Self.report(serviceName: "a"), formats: [.text])
        var file = files.file(for: .text, writer: PatientWriter())
        try file.write("new")
        try file.finish()
        Retention(directory: directory, serviceName: "a", maximumCount: 1, maximumByteCount: nil)
            .apply(isNewest: files.include)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(names == [base + "_2"])
    }

    /// A slash with a combining character behind it is another character, but the same byte.
    @Test func aServiceNameIsNoPath() {
        #expect(ReportFileName.prefix(serviceName: "../a/\u{338}b\0") == ".._a_\u{338}b__gurumeditation_")
    }

    private static func report(serviceName: String) -> Report {
        Report(
            generated: Timestamp(nanosecondsSinceEpoch: 1_763_694_002_000_000_000), trigger: Trigger(kind: .api),
            process: ProcessIdentity(pid: 7, serviceName: serviceName), package: "tests")
    }
}
