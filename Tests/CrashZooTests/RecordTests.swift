import Foundation
import ProcessKit
import Testing

/// Raw records, and what `gmr` makes of them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RecordTests {
    private static let recording = ["GMR_RECORD": "1"]

    @Test func aRecordSaysWhatTheReportSaid() throws {
        let crash = try CrashProgram.named("fault-on-worker").run(environment: Self.recording)
        defer { crash.process.kill() }
        let report = try #require(try crash.report())
        let rendered = try ReportDocument(rendering: try #require(try crash.record()))
        #expect(rendered.verdict.summary == report.verdict.summary)
        #expect(rendered.threads.map(\.tid) == report.threads.map(\.tid))
        #expect(rendered.threads.map(\.addresses) == report.threads.map(\.addresses))
        for (own, other) in zip(rendered.threads, report.threads) {
            #expect(own.frames.map(\.function) == other.frames.map(\.function))
        }
        #expect(rendered.completeness.finishedBy == "gmr render")
        #expect(rendered.completeness.gaps.contains { $0.contains("raw record") })
    }

    @Test func whereNobodyCanMakeAReportThereIsARecord() throws {
        let program = try CrashProgram.named("nothing-left")
        let crash = try program.run()
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        #expect(crash.standardError.contains("(raw)"), "\(crash.standardError)")
        let record = try #require(try crash.record())
        #expect(crash.standardError.contains("gmr render \(record.path)"))
        let rendered = try ReportDocument(rendering: record)
        let functions = rendered.threads.first?.frames.compactMap(\.function) ?? []
        #expect(program.functions.allSatisfy(functions.contains), "\(functions)")
        #expect(rendered.verdict.kind == "crash")
        let core = try crash.core()
        if let core { #expect(rendered.threads.first?.addresses == core.threads["\(core.crashed)"]) }
    }

    @Test func noSecretIsInARecord() throws {
        let crash = try CrashProgram.named("null-read").run(environment: Self.recording)
        defer { crash.process.kill() }
        let record = try #require(try crash.record())
        let bytes = try Data(contentsOf: record)
        #expect(bytes.range(of: Data("hunter2-of-the-zoo".utf8)) == nil)
        #expect(bytes.range(of: Data("CrashZoo".utf8)) != nil)
        let mode = try FileManager.default.attributesOfItem(atPath: record.path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(bytes.count < 100_000)
        let run = try ToolRun.run(ChildProcess.built("gmr"), ["render", record.path])
        #expect(run.text.contains("password = ***"))
    }

    /// The program's file is found by its build ID, where it had not been.
    @Test func onAnotherMachineTheFilesAreNamed() throws {
        let place = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: place) }
        let copy = place.appending(path: "CrashZoo")
        try ToolRun.copy(ChildProcess.built("CrashZoo"), to: copy)
        let crash = try CrashProgram.named("null-read").run(executable: copy.path, environment: Self.recording)
        defer { crash.process.kill() }
        let record = try #require(try crash.record())
        let elsewhere = place.appending(path: "files")
        try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: copy, to: elsewhere.appending(path: "CrashZoo"))

        let without = try ReportDocument(rendering: record)
        #expect(without.threads.first?.frames.first?.function == nil)
        #expect(without.completeness.gaps.contains { $0.contains(copy.path) })
        let summary = try ToolRun.run(ChildProcess.built("gmr"), ["show", record.path])
        #expect(summary.text.contains("--symbols") && summary.text.contains(copy.path), "\(summary.text)")

        let with = try ReportDocument(rendering: record, symbols: [elsewhere])
        #expect(with.threads.first?.frames.first?.function == "null_read_faults")
    }

    /// Cut anywhere: what is there is shown, or why nothing can be.
    @Test func aCutRecordIsReadAsFarAsItGoes() throws {
        let crash = try CrashProgram.named("null-read").run(environment: Self.recording)
        defer { crash.process.kill() }
        let record = try #require(try crash.record())
        let bytes = try Data(contentsOf: record)
        let cut = crash.process.directory.appending(path: "cut.gmr")
        for count in [bytes.count - 4, bytes.count - 6000, bytes.count / 2, 5000] {
            try bytes.prefix(count).write(to: cut)
            let run = try ToolRun.run(ChildProcess.built("gmr"), ["render", cut.path])
            #expect(run.status == 0 && run.text.contains("ends too early"), "\(count): \(run.text)")
        }
        for count in [0, 8, 31, 40] {
            try bytes.prefix(count).write(to: cut)
            let run = try ToolRun.run(ChildProcess.built("gmr"), ["render", cut.path])
            #expect(run.status == 64 && run.text.contains(count < 32 ? "no raw record" : "damaged"), "\(run.text)")
        }
    }
}
