import Foundation
import ProcessKit
import Testing

/// Tasks that a helper process reads, from outside.
@Suite(.timeLimit(.minutes(10))) struct OutsideTests {
    /// So much address space takes the process longer than it may in a crash, and the helper less than that.
    private static let vast = [
        "TASKZOO_RESERVES": "6", "GMR_TASK_SEARCH_MS": "5000", "SWIFT_BACKTRACE": "enable=no",
    ]

    @Test(arguments: TaskProgram.all) func tasksOfAProcessThatCrashes(program: TaskProgram) throws {
        let report = try program.report(environment: Self.vast, signal: SIGSEGV)
        #expect(report.verdict.kind == "crash")
        try TaskZooTests.checkTasks(of: report, program)
    }

    /// The process itself; and its helper, which has more time, but not for twice as much.
    @Test(arguments: [("200", "6"), ("250", "12")])
    func theSearchEndsInTime(limit: String, reserves: String) throws {
        let environment = Self.vast.merging(["GMR_TASK_SEARCH_MS": limit, "TASKZOO_RESERVES": reserves]) { $1 }
        let report = try TaskProgram.named("group").report(environment: environment, signal: SIGSEGV)
        #expect(report.completeness.gaps.contains { $0.contains("for time was over") }, "else the others prove nothing")
    }

    @Test func aProcessThatEndsMeanwhileIsNotReadToTheEnd() throws {
        let (process, reports) = try TaskProgram.named("group").start(
            environment: Self.vast.merging(["GMR_HELPER_STANDBY": "1", "TASKZOO_RESERVES": "24"]) { $1 })
        defer { process.kill() }
        kill(process.pid, SIGSEGV)
        // The process searches for 200 ms, then the helper for seconds.
        usleep(700_000)
        kill(process.pid, SIGKILL)
        let report = try reports.nextDocument(within: .seconds(30))
        #expect(report.completeness.gaps.contains { $0.contains("for time was over") })
    }

    @Test(.enabled(if: getuid() == 0)) func withoutAHelperThatStandsByThereIsAGap() throws {
        let root = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: root) }
        let (process, _) = try TaskProgram.named("group").start(environment: ["TASKZOO_ROOT": root.path])
        defer { process.kill() }
        kill(process.pid, SIGUSR2)
        try process.waitForStandardError("GMR_HELPER_STANDBY=1 has a helper do it")
    }

    /// It cannot search its own memory, and knows of its threads where they are, but not that they stay there.
    @Test(
        .enabled(if: getuid() == 0),
        arguments: TaskProgram.all.filter { $0.tasks.allSatisfy { $0.state == "suspended" } }
    ) func tasksOfAProcessWithoutProc(program: TaskProgram) throws {
        let root = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: root) }
        try TaskZooTests.check(program, environment: ["GMR_HELPER_STANDBY": "1", "TASKZOO_ROOT": root.path])
    }
}
