import Foundation
import ProcessKit
import Testing

extension CrashZooTests {
    /// With `GMR_CORE=1`, gdb finds the crash and the stacks of the report.
    @Test(arguments: [
        "null-read", "abort", "overflow-worker", "fault-on-worker", "on-alternate-stack", "smashed-return",
        "all-of-heap", "thousand-threads", "no-exec",
    ])
    func aMinicoreLiesBesideTheReport(name: String) throws {
        let program = try #require(try CrashProgram.all().first { $0.name == name })
        let crash = try program.run(environment: ["GMR_CORE": "1"])
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        let report = try #require(try crash.report(), "\(crash.standardError)")
        let file = try #require(try crash.file(endingIn: ".core"), "\(crash.standardError)")
        try expect(crash.read(core: file), like: report)
    }

    func expect(_ core: CoreDump, like report: CrashReport) throws {
        let fault = try #require(report.trigger.crash)
        #expect(core.crashed == fault.thread)
        #expect(core.signal == CrashProgram.number(of: fault.signal))
        if let address = fault.address { #expect(core.address == UInt64(address.dropFirst(2), radix: 16)) }
        #expect(Set(core.threads.keys) == Set(report.threads.map { "\($0.tid)" }))
        for thread in report.threads { try Self.compare(thread, with: core.threads["\(thread.tid)"]) }
    }
}
