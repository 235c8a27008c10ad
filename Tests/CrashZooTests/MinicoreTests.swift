import Foundation
import ProcessKit
import Testing

extension CrashZooTests {
    /// With `GMR_CORE=1`, gdb finds the crash and the stacks of the report.
    @Test(arguments: [
        "null-read", "abort", "overflow-worker", "fault-on-worker", "on-alternate-stack", "smashed-return",
        "all-of-heap", "thousand-threads", "no-exec", "after-setuid",
    ])
    func aMinicoreLiesBesideTheReport(name: String) throws {
        let program = try CrashProgram.named(name)
        let crash = try program.run(environment: ["GMR_CORE": "1"])
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        let report = try #require(try crash.report(), "\(crash.standardError)")
        let file = try #require(try crash.file(endingIn: ".core"), "\(crash.standardError)")
        try expect(crash.read(core: file), like: report)
    }

    /// `gmr core` makes the same of a raw record. The program is not where it was: it is told by its build ID.
    @Test func aRecordBecomesACore() throws {
        let place = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: place) }
        let copy = place.appending(path: "CrashZoo")
        try ToolRun.copy(ChildProcess.built("CrashZoo"), to: copy)
        let program = try CrashProgram.named("fault-on-worker")
        let crash = try program.run(
            executable: copy.path, environment: ["GMR_RECORD": "1", "GMR_RECORD_STACKS": "1"])
        defer { crash.process.kill() }
        let report = try #require(try crash.report(), "\(crash.standardError)")
        let record = try #require(try crash.record()).path
        let elsewhere = place.appending(path: "files")
        try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: copy, to: elsewhere.appending(path: "CrashZoo"))
        let core = place.appending(path: "made.core").path

        let lost = try ToolRun.run(ChildProcess.built("gmr"), ["core", record, "-o", core])
        #expect(lost.status == 64 && lost.text.contains(copy.path) && lost.text.contains("--symbols"), "\(lost.text)")
        #expect(!FileManager.default.fileExists(atPath: core))
        let run = try ToolRun.run(
            ChildProcess.built("gmr"), ["core", record, "-o", core, "--symbols", elsewhere.path])
        #expect(run.text == "gdb \(elsewhere.path)/CrashZoo \(core)\n")
        try expect(crash.read(core: core, of: elsewhere.path + "/CrashZoo"), like: report)
    }

    @Test func aRecordWithoutStacksBecomesNone() throws {
        let program = try CrashProgram.named("null-read")
        let crash = try program.run(environment: ["GMR_RECORD": "1"])
        defer { crash.process.kill() }
        let record = try #require(try crash.record()).path
        let run = try ToolRun.run(ChildProcess.built("gmr"), ["core", record])
        #expect(run.status == 64 && run.text.contains("GMR_RECORD_STACKS=1"), "\(run.text)")
    }

    func expect(_ core: CoreDump, like report: ReportDocument) throws {
        try Self.expectFault(core, like: report)
        #expect(Set(core.threads.keys) == Set(report.threads.map { "\($0.tid)" }))
        for thread in report.threads { try Self.compare(thread, with: core.threads["\(thread.tid)"]) }
    }
}
