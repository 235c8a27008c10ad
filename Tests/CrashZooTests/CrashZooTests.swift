import Foundation
import ProcessKit
import Testing

/// Real programs that crash: each ends as it would without GMR, and a true report is there.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CrashZooTests {
    private static let programs = Result { try CrashProgram.all() }

    private static func programs(by finishers: [String]) throws -> [CrashProgram] {
        try programs.get().filter { finishers.contains($0.finishedBy) }
    }

    @Test(arguments: try programs(by: ["helper process", "worker thread"]))
    func theReportIsTrueAndTheEndIsTheSame(program: CrashProgram) throws {
        try Self.check(program, executable: ChildProcess.built("CrashZoo"))
    }

    /// Where checks are optimized they say nothing, and stand in other frames.
    @Test(.enabled(if: ReleaseBuild.isWanted)) func optimizedProgramsToo() throws {
        let executable = try ReleaseBuild.executable("CrashZoo").path
        let programs = try CrashProgram.all(executable: executable).filter { $0.name.hasPrefix("swift-") }
        #expect(!programs.isEmpty)
        for program in programs { try Self.check(program, executable: executable) }
    }

    private static func check(_ program: CrashProgram, executable: String) throws {
        let crash = try program.run(executable: executable)
        defer { crash.process.kill() }
        #expect(crash.status == program.status, "\(crash.standardError)")
        if program.name != "all-closed" {
            #expect(crash.standardError.contains("crashed: \(program.signal)"), "the first record")
        }

        let report = try #require(try crash.report(), "\(crash.standardError)")
        let fault = try #require(report.trigger.crash)
        #expect(report.trigger.kind == "crash" && report.verdict.kind == "crash")
        #expect(fault.signal == program.signal)
        #expect(program.codes.contains(fault.code), "\(fault.code)")
        let summary = report.verdict.summary
        if let message = program.message {
            #expect(message.isEmpty || summary.contains(message), "\(program.name): \(summary)")
        } else {
            #expect(fault.message == nil, "\(program.name)")
        }
        #expect(report.completeness.finishedBy == program.finishedBy)
        #expect(try crash.crashReports().count == (program.isOnStandardError ? 0 : 1), "one crash, one report")
        #expect(report.completeness.threadsCaptured == report.completeness.threadsFound)
        #expect(report.sections.first?.title == "Zoo" && report.sections.first?.error?.contains("crashed") == true)

        let crashed = try #require(report.threads.first)
        #expect(crashed.tid == fault.thread && crashed.current && crashed.capture == "self")
        var functions = program.functions[...]
        for frame in crashed.frames where frame.function != nil && frame.function == functions.first {
            functions.removeFirst()
        }
        #expect(functions.isEmpty, "\(program.name): \(crashed.frames.compactMap(\.function))")
        let bystander = report.threads.first { $0.name == "bystander" }
        #expect(bystander?.frames.contains { $0.function == "bystander_waits" } == true)

        guard program.end == program.signal, !Self.withoutCoreDump.contains(program.name),
            let core = try crash.core()
        else { return }
        try expectFault(core, like: report)
        try Self.compare(crashed, with: core.threads["\(crashed.tid)"])
    }

    /// Signal, thread and address are those of the report.
    static func expectFault(_ core: CoreDump, like report: ReportDocument) throws {
        let fault = try #require(report.trigger.crash)
        #expect(core.signal == CrashProgram.number(of: fault.signal))
        #expect(core.crashed == fault.thread)
        if let address = fault.address { #expect(core.address == UInt64(address.dropFirst(2), radix: 16)) }
    }

    @Test func aStackThatLeadsBackToItselfIsShownOnce() throws {
        let crash = try CrashProgram.named("overrun-of-handler").run()
        defer { crash.process.kill() }
        let report = try #require(try crash.report(), "\(crash.standardError)")
        let thread = try #require(report.threads.first)
        #expect(thread.frames.map(\.function) == ["overrunning_handler", "__restore_rt"])
        #expect(thread.stop == "unreadable")
    }

    /// The instruction that faulted could be executed when the handler returns.
    @Test func whatIsMendedMeanwhileEndsTheProcessAllTheSame() throws {
        let program = try CrashProgram.named("page-comes-later")
        let crash = try program.run()
        defer { crash.process.kill() }
        #expect(try crash.process.readLine() == "mapped", "before the end")
        #expect(crash.status == program.status, "\(crash.standardError)")
    }

    @Test(arguments: try programs(by: ["none"]))
    func aChildHasNoReportOfItsParent(program: CrashProgram) throws {
        let crash = try program.run()
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        #expect(crash.standardError == "")
        #expect(try crash.report() == nil)
    }

    @Test(arguments: try programs(by: ["raw"]))
    func whereTheAgentCrashesTheHandlerWritesWhatItCan(program: CrashProgram) throws {
        let crash = try program.run()
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        #expect(crash.standardError.contains("crashed: \(program.signal)"))
        #expect(crash.standardError.contains("(raw)"))
        #expect(crash.standardError.contains("is the one that crashed"))
        #expect(crash.standardError.contains("gmr: end of the raw report"))
    }

    @Test(arguments: try programs(by: ["nameless"]))
    func whereFilesCannotBeReadTheReportSaysWhatItIs(program: CrashProgram) throws {
        let crash = try program.run()
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        let report = try #require(try crash.report(), "\(crash.standardError)")
        #expect(report.verdict.summary.contains("SEGV_MAPERR"))
        #expect(report.completeness.finishedBy == "worker thread")
        #expect(report.completeness.gaps.contains { $0.contains("no helper process") })
    }

    /// Its handler was there before GMR's.
    @Test func swiftsBacktracerFollows() throws {
        let program = try CrashProgram.named("null-read")
        let crash = try program.run(environment: ["SWIFT_BACKTRACE": "enable=yes,color=no,interactive=no"])
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        #expect(try crash.report() != nil)
        #expect(crash.standardError.contains("Program crashed: Bad pointer dereference"), "\(crash.standardError)")
        #expect(crash.standardError.contains("null_read_faults"))
    }

    /// What is forbidden later does not reach a helper that stands by; where files cannot be read, it can.
    @Test(
        arguments: [
            "no-exec", "no-processes", "chroot", "no-memory", "no-descriptors", "all-closed", "not-dumpable",
            "after-setuid", "heap-overwritten", "thousand-threads", "abort", "own-handler", "first-process",
        ])
    func aHelperThatStandsByMakesTheReport(name: String) throws {
        let program = try #require(try Self.programs.get().first { $0.name == name })
        let crash = try program.run(environment: ["GMR_HELPER_STANDBY": "1"])
        defer { crash.process.kill() }
        #expect(crash.status == program.status, "\(crash.standardError)")
        let files = ReportDirectory(crash.process.directory, serviceName: "crashzoo")
        let file = crash.process.directory.appending(path: try files.nextName(within: .seconds(10)))
        let report = try #require(try crash.report(), "\(crash.standardError)")
        #expect(report.trigger.crash?.signal == program.signal)
        #expect(report.completeness.finishedBy == "standby helper process", "\(report.completeness.gaps)")
        let wanted = name == "chroot" ? ["limited_faults", "in_chroot"] : program.functions
        let functions = report.threads.first?.frames.compactMap(\.function) ?? []
        #expect(functions.filter(wanted.contains) == wanted, "\(functions)")
        let bystander = report.threads.first { $0.name == "bystander" }
        #expect(bystander?.frames.contains { $0.function == "bystander_waits" } == true)
        // With the rights that the service has by now.
        var status = stat()
        #expect(stat(file.path, &status) == 0)
        #expect(status.st_uid == (["after-setuid", "no-processes"].contains(name) ? 65534 : getuid()))
        #expect(try files.names().count == 1)
    }

    @Test func beforeMain() throws {
        var program = try CrashProgram.named("abort")
        program.functions = ["abort", "constructor_aborts"]
        let crash = try program.run(environment: ["CRASH_ZOO_CONSTRUCTOR": "1"])
        defer { crash.process.kill() }
        #expect(crash.status == program.status)
        let report = try #require(try crash.report(), "\(crash.standardError)")
        let functions = report.threads.first?.frames.compactMap(\.function) ?? []
        #expect(program.functions.allSatisfy(functions.contains), "\(functions)")
    }

    /// The kernel makes none.
    private static let withoutCoreDump = ["not-dumpable", "after-setuid"]

    /// A report stops where a stack is smashed, cut, or deeper than what is copied; what it has agrees with gdb.
    static func compare(_ thread: ReportDocument.Thread, with frames: [UInt64]?) throws {
        let frames = try #require(frames)
        let own = thread.addresses
        let count = thread.stop == "complete" ? max(own.count, frames.count) : min(own.count, frames.count)
        #expect(Array(own.prefix(count)) == Array(frames.prefix(count)))
    }
}
