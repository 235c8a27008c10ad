import Foundation
import ProcessKit
import Testing

/// Tasks that a helper process reads, from outside.
@Suite(.timeLimit(.minutes(10))) struct OutsideTests {
    /// So much address space takes the process longer than it may in a crash, and the helper less than that.
    private static let vast = [
        "TASKZOO_RESERVES": "4", "GMR_TASK_SEARCH_MS": "5000", "SWIFT_BACKTRACE": "enable=no",
    ]

    @Test(arguments: TaskProgram.all) func tasksOfAProcessThatCrashes(program: TaskProgram) throws {
        let report = try program.report(environment: Self.vast, signal: SIGSEGV)
        #expect(report.verdict.kind == "crash")
        try TaskZooTests.checkTasks(of: report, program)
    }

    @Test func theHelperHasNoMoreTimeThanAllowed() throws {
        let environment = Self.vast.merging(["GMR_TASK_SEARCH_MS": "200"]) { $1 }
        let report = try TaskProgram.named("group").report(environment: environment, signal: SIGSEGV)
        #expect(report.completeness.gaps.contains { $0.contains("for time was over") }, "else the others prove nothing")
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
