import Foundation
import ProcessKit
import Testing

/// What a helper that stands by says of the end of the service, which made no report of it.
@Suite(.timeLimit(.minutes(5))) struct EndTests {
    private static let standby = ["GMR_HELPER_STANDBY": "1"]
    /// Linux before 6.15 does not say how a process has ended: ioctl(PIDFD_GET_INFO).
    private static let olderKernel = SystemCallFilter.refusing(16, secondArgument: 0xc040_ff0b, with: ENOTTY)

    @Test func aProcessThatIsKilledHasAReport() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            let asked = try service.report()
            kill(service.pid, SIGKILL)
            #expect(try service.process.waitForEnd() == 128 + SIGKILL)
            let report = try service.nextReport()
            #expect(report.trigger.kind == "crash" && report.verdict.kind == "crash")
            #expect(report.trigger.signal == "SIGKILL")
            #expect(report.trigger.end?.signal == "SIGKILL" && report.trigger.end?.coreDump == false)
            #expect(report.verdict.summary.hasPrefix("The process ended without a report: killed by SIGKILL"))
            #expect(report.verdict.summary.contains("Its last report was made at "))
            #expect(report.process.pid == service.pid && report.process.serviceName == "orders")
            #expect(report.process.started == asked.process.started)
            #expect(report.completeness.finishedBy == "standby helper process")
            try helper.waitForEnd()
            #expect(try service.reportNames().count == 2)
        }
    }

    /// Its parent has not asked for its exit status yet.
    @Test func aZombieHasAReport() throws {
        try Service.with(Self.standby) { service in
            kill(service.pid, SIGKILL)
            try #expect(service.nextReport().trigger.end?.signal == "SIGKILL")
        }
    }

    /// A fork child keeps what it inherited open; it is not what the helper stands by for.
    @Test func aChildThatLivesOnDoesNotHideTheEnd() throws {
        try Service.with(Self.standby) { service in
            let child = try #require(try service.answer(to: "f").flatMap { Int32($0) })
            kill(service.pid, SIGKILL)
            try #expect(service.nextReport().trigger.end?.signal == "SIGKILL")
            kill(child, SIGKILL)
        }
    }

    @Test func theEndOfAChildIsNotThatOfTheService() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            let child = try #require(try service.answer(to: "f").flatMap { Int32($0) })
            kill(child, SIGKILL)
            try service.waitUntil { (try? service.answer(to: "w")) == "child \(child)" }
            try #expect(service.report().completeness.finishedBy == "standby helper process")
            #expect(helper.isThere)
            #expect(try service.reportNames().count == 1)
        }
    }

    @Test func aCrashSignalWithoutAReportHasOne() throws {
        try Service.with(["GMR_HELPER_STANDBY": "1", "GMR_CRASH_SIGNALS": "none"]) { service in
            kill(service.pid, SIGQUIT)
            _ = try service.process.waitForEnd()
            let report = try service.nextReport()
            #expect(report.verdict.summary.hasPrefix("The process ended without a report: killed by SIGQUIT"))
        }
    }

    @Test func aCrashWithAReportHasOne() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            kill(service.pid, SIGSEGV)
            _ = try service.process.waitForEnd()
            try helper.waitForEnd()
            #expect(try service.reportNames().count == 1)
            try #expect(service.nextReport().trigger.end == nil)
        }
    }

    @Test func standardErrorHasItWithoutADirectory() throws {
        try Service.with(["GMR_HELPER_STANDBY": "1", "GMR_LOG_DIR": "", "GMR_FORMAT": "text"]) { service in
            kill(service.pid, SIGKILL)
            _ = try service.process.waitForEnd()
            try service.process.waitForStandardError("finished by: standby helper process")
            let text = service.process.standardError
            #expect(text.contains("trigger = the process ended without a report\n"))
            #expect(text.contains("\nThe process ended without a report: killed by SIGKILL"))
            #expect(text.contains("\nended = "))
        }
    }

    /// By exit status, by somebody's wish, and before: with reports stopped.
    @Test(arguments: ["return", "x", "SIGTERM", "s"], [nil, olderKernel])
    func anOrderlyEndHasNone(way: String, shell: String?) throws {
        try Service.with(Self.standby, shell: shell) { service in
            let helper = try StandbyProcess(of: service.pid)
            switch way {
            case "return": try service.process.closeInput()
            case "SIGTERM": kill(service.pid, SIGTERM)
            case "s":
                try #expect(service.answer(to: "s") == "stopped")
                kill(service.pid, SIGKILL)
            default: try service.process.send(way)
            }
            _ = try service.process.waitForEnd()
            try helper.waitForEnd()
            #expect(try service.reportNames() == [])
            #expect(service.process.standardError == "")
        }
    }

    /// It is another program then, which GMR knows nothing of.
    @Test func anotherProgramInTheProcessHasNone() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            try service.process.send("e")
            try helper.waitForEnd()
            kill(service.pid, SIGKILL)
            _ = try service.process.waitForEnd()
            #expect(try service.reportNames() == [])
        }
    }

    @Test func oldReportsMakeRoomForIt() throws {
        try Service.with(["GMR_HELPER_STANDBY": "1", "GMR_MAX_REPORTS": "1"]) { service in
            let helper = try StandbyProcess(of: service.pid)
            _ = try service.report()
            kill(service.pid, SIGKILL)
            try helper.waitForEnd()
            try #expect(service.reportNames().count == 1)
            try #expect(service.nextReport().trigger.end != nil)
        }
    }

    /// The place of the log directory may be somebody else's by then.
    @Test func theLogDirectoryIsThatOfTheSetUp() throws {
        try Service.with(Self.standby) { service in
            let path = service.directory.path
            let helper = try StandbyProcess(of: service.pid)
            try service.waitUntil { helper.descriptors["3"] == path }
            try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            kill(service.pid, SIGKILL)
            try helper.waitForEnd()
            try #expect(service.reportNames() == [])
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: path + ".moved", toPath: path)
            try #expect(service.nextReport().trigger.end?.signal == "SIGKILL")
        }
    }

    /// Nobody is left who could finish the report, as at the end of a container.
    @Test func aReportThatWasBegunIsInARecord() throws {
        try Service.with(["GMR_RECORD": "1"]) { service in
            kill(service.pid, SIGUSR2)
            try service.waitUntil {
                let names = try? FileManager.default.contentsOfDirectory(atPath: service.directory.path)
                return names?.contains { $0.hasSuffix(".gmr") } == true
                    && !StandbyProcess.helpers(of: service.pid).isEmpty
            }
            for helper in StandbyProcess.helpers(of: service.pid) { kill(helper, SIGKILL) }
            kill(service.pid, SIGKILL)
            _ = try service.process.waitForEnd()
            let names = try FileManager.default.contentsOfDirectory(atPath: service.directory.path)
            let path = service.directory.appending(path: try #require(names.first { $0.hasSuffix(".gmr") })).path
            let run = try ToolRun.run(ChildProcess.built("gmr"), ["render", path, "--format", "json"])
            let report = try ReportDocument.decode(Data(run.text.utf8))
            #expect(report.verdict.kind == "deadlock" && report.process.pid == service.pid)
            #expect(report.functions.contains { $0.contains("workerTakesFirstThenSecond") })
        }
    }

    @Test(.enabled(if: MemoryGroup.canBeMade)) func theKernelsVerdictIsInTheReport() throws {
        let group = try MemoryGroup(limitBytes: 128 << 20)
        defer { group.remove() }
        try Service.with(Self.standby, shell: "echo $$ >'\(group.processes)'; exec \"$0\" \"$@\"") { service in
            try service.process.send("m")
            #expect(try service.process.waitForEnd() == 128 + SIGKILL)
            let report = try service.nextReport()
            let end = try #require(report.trigger.end)
            #expect(end.memoryKills == 1 && end.memoryLimitBytes == 128 << 20)
            #expect(end.cgroup?.hasSuffix(group.name) == true)
            let summary = report.verdict.summary
            #expect(
                summary.contains("killed by SIGKILL; its cgroup \(end.cgroup ?? "") has counted an out-of-memory kill"))
            #expect(summary.contains("memory limit 128 MiB"))
        }
    }
}

/// A cgroup of version 1, as far as this machine lets one be made.
private struct MemoryGroup {
    let name = "gmr-\(UUID().uuidString)"
    private var directory: String { Self.root + "/" + name }
    var processes: String { directory + "/cgroup.procs" }

    private static let root = "/sys/fs/cgroup/memory"

    static var canBeMade: Bool { access(root + "/memory.limit_in_bytes", W_OK) == 0 }

    init(limitBytes: Int) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try "\(limitBytes)".write(toFile: directory + "/memory.limit_in_bytes", atomically: false, encoding: .utf8)
    }

    func remove() {
        rmdir(directory)
    }
}
