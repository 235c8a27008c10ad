import Foundation
import ProcessKit
import Testing

/// `GMR_HELPER_STANDBY`: a helper process that is started at set-up.
@Suite(.timeLimit(.minutes(5))) struct StandbyTests {
    private static let standby = ["GMR_HELPER_STANDBY": "1"]
    private static let name = "standby helper process"
    /// A command that makes the service adopt the orphans among its descendants, as the first process of a container.
    private static let subreaper = """
        exec perl -e 'syscall(157, 36, 1, 0, 0, 0) == 0 or die; exec @ARGV' -- "$0" "$@"
        """

    @Test func itMakesEveryReport() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            for _ in 0..<3 {
                let report = try service.report()
                #expect(report.completeness.finishedBy == Self.name, "\(report.completeness.gaps)")
                #expect(report.verdict.kind == "deadlock")
                #expect(report.functions.contains { $0.contains("workerTakesFirstThenSecond") })
                #expect(report.sections.map(\.title) == ["Pool"] && report.sections.first?.error == nil)
                #expect(!report.commands.contains { $0.contains("gmr-") }, "\(report.commands)")
            }
            #expect(helper.isThere && StandbyProcess.all(of: service.pid) == [helper.pid])
        }
    }

    @Test func anotherProgramMayStandBy() throws {
        let tool = ChildProcess.built("gmr")
        try Service.with(["GMR_HELPER_STANDBY": "1", "GMR_HELPER": tool]) { service in
            try #expect(service.report().completeness.finishedBy == "\(Self.name) \(tool)")
        }
    }

    /// It holds nothing of the service but the log directory, and costs no processor time.
    @Test func itKeepsNothingAndSleeps() throws {
        try Service.with(Self.standby) { service in
            let helper = try StandbyProcess(of: service.pid)
            try service.waitUntil { helper.descriptors["3"] == service.directory.path && helper.isIdle }
            let descriptors = helper.descriptors
            #expect(Set(descriptors.keys) == ["0", "1", "2", "3", "4", "5"], "\(descriptors)")
            #expect(["0", "1", "2"].allSatisfy { descriptors[$0] == "/dev/null" }, "\(descriptors)")
            #expect(getsid(helper.pid) == helper.pid)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(helper.pid)/cwd") == "/")
            try #expect(service.report().completeness.finishedBy == Self.name)
            try service.waitUntil { helper.isIdle }
            #expect(helper.descriptors == descriptors)
            let ticks = helper.processorTicks
            let switches = helper.field("voluntary_ctxt_switches")
            Thread.sleep(forTimeInterval: 1)
            #expect(helper.processorTicks == ticks)
            #expect(helper.field("voluntary_ctxt_switches") == switches)
        }
    }

    @Test(arguments: [nil, subreaper])
    func theServiceHasNoChild(shell: String?) throws {
        try Service.with(Self.standby, shell: shell) { service in
            let helper = try StandbyProcess(of: service.pid)
            #expect(helper.parent != service.pid)
            try #expect(service.answer(to: "w") == "no child")
            let report = try service.report()
            #expect(report.completeness.finishedBy == Self.name)
            #expect(report.commands.count == 1, "\(report.commands)")
            kill(helper.pid, SIGKILL)
            try helper.waitForEnd()
            try #expect(service.answer(to: "w") == "no child")
            _ = try service.report()
            try #expect(service.answer(to: "w") == "no child")
        }
    }

    @Test func whereItHasEndedItIsStartedAnew() throws {
        try Service.with(Self.standby) { service in
            let first = try StandbyProcess(of: service.pid)
            kill(first.pid, SIGKILL)
            try first.waitForEnd()
            let completeness = try service.report().completeness
            #expect(completeness.finishedBy == "helper process")
            #expect(completeness.gaps.contains { $0.contains("it had ended") })
            try service.waitUntil { !StandbyProcess.all(of: service.pid).isEmpty }
            try #expect(service.report().completeness.finishedBy == Self.name)
        }
    }

    /// Whoever holds it up is left out, and does not write the same report later.
    @Test func oneThatDoesNotAnswerIsReplaced() throws {
        try Service.with(["GMR_HELPER_STANDBY": "1", "GMR_HELPER_SILENCE_MS": "5000"]) { service in
            let first = try StandbyProcess(of: service.pid)
            kill(first.pid, SIGSTOP)
            let completeness = try service.report().completeness
            #expect(completeness.finishedBy == "helper process")
            #expect(completeness.gaps.contains { $0.contains("it said nothing for too long") })
            kill(first.pid, SIGCONT)
            try service.waitUntil { StandbyProcess.all(of: service.pid).contains { $0 != first.pid } }
            try #expect(service.report().completeness.finishedBy == Self.name)
            #expect(try service.reportNames().count == 2)
            kill(service.pid, SIGKILL)
            _ = try service.nextReport()
            try first.waitForEnd()
            try service.waitUntil { StandbyProcess.all(of: service.pid).isEmpty }
            #expect(try service.reportNames().count == 3)
        }
    }

    /// However long it may be silent, a crash has its report in time; and so has the report that was under way.
    @Test func aCrashDoesNotWaitForOneThatHangs() throws {
        let patience = ["GMR_HELPER_STANDBY": "1", "GMR_HELPER_SILENCE_MS": "600000", "GMR_CRASH_PATIENCE_MS": "40000"]
        try Service.with(patience) { service in
            let first = try StandbyProcess(of: service.pid)
            kill(first.pid, SIGSTOP)
            kill(service.pid, SIGUSR2)
            usleep(500_000)  // by now it was asked; else there is one report of both, which comes as well
            kill(service.pid, SIGSEGV)
            var report = try service.nextReport()
            if report.verdict.kind != "crash" {
                #expect(report.completeness.gaps.contains { $0.contains("it said nothing for too long") })
                report = try service.nextReport()
            }
            // Another one stands by since the first report.
            #expect(report.verdict.kind == "crash")
            #expect([Self.name, "helper process"].contains(report.completeness.finishedBy))
            #expect(try service.process.waitForEnd() == 128 + SIGSEGV)
        }
    }

    /// What it began with is left to one who goes on.
    @Test(arguments: [nil, subreaper])
    func oneThatEndsMeanwhileLeavesNoSecondReport(shell: String?) throws {
        try Service.with(Self.standby, shell: shell) { service in
            for round in 1...5 {
                try service.waitUntil { StandbyProcess.all(of: service.pid).first != nil }
                let helper = try StandbyProcess(of: service.pid)
                kill(service.pid, SIGUSR2)
                try service.waitUntil { !helper.isIdle }
                kill(helper.pid, SIGKILL)
                _ = try service.nextReport()
                try service.waitUntil { StandbyProcess.all(of: service.pid).contains { $0 != helper.pid } }
                #expect(try service.reportNames().count == round)
            }
        }
    }

    /// A service that was started as root gives its rights up, and the helper does with it.
    @Test(.enabled(if: getuid() == 0)) func itHasNoMoreRightsThanTheService() throws {
        try Service.with(Self.standby) { service in
            chown(service.directory.path, 65534, 65534)
            let helper = try StandbyProcess(of: service.pid)
            try #expect(service.answer(to: "d") == "given up")
            try #expect(service.report().completeness.finishedBy == Self.name)
            #expect(helper.field("Uid") == "65534\t65534\t65534\t65534")
            #expect(helper.field("Gid") == "65534\t65534\t65534\t65534")
            #expect(helper.field("Groups") == "" && helper.field("CapPrm") == "0000000000000000")
            kill(service.pid, SIGKILL)
            _ = try service.process.waitForEnd()
            try #expect(service.nextReport().trigger.end?.signal == "SIGKILL")
        }
    }

    /// A sandbox may refuse what it takes to see the end of a process, whatever has the number of that descriptor.
    @Test func whereTheKernelShowsNoProcessItSeesTheEndAllTheSame() throws {
        let shell = "exec 5</dev/zero; \(SystemCallFilter.refusing(434))"
        try Service.with(Self.standby, shell: shell) { service in
            try #expect(service.report().completeness.finishedBy == Self.name)
            #expect(try service.reportNames().count == 1)
            kill(service.pid, SIGKILL)
            try #expect(service.nextReport().trigger.end?.signal == "SIGKILL")
        }
    }

    @Test func whereItCannotBeStartedReportsSaySo() throws {
        try Service.with(Self.standby, shell: SystemCallFilter.killing(53)) { service in
            #expect(service.process.standardError.contains("GMR_HELPER_STANDBY=1 has no effect yet"))
            let completeness = try service.report().completeness
            #expect(completeness.finishedBy == "helper process")
            #expect(completeness.gaps.contains { $0.contains("did not finish this report: Operation not permitted") })
        }
    }

    @Test(arguments: [nil, subreaper])
    func stoppingReportsEndsIt(shell: String?) throws {
        try Service.with(Self.standby, shell: shell) { service in
            let helper = try StandbyProcess(of: service.pid)
            try #expect(service.answer(to: "s") == "stopped")
            try helper.waitForEnd()
            try #expect(service.answer(to: "w") == "no child")
            try #expect(service.reportNames() == [])
        }
    }
}
