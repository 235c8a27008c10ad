import Foundation
import ProcessKit
import Testing

/// Real programs whose tasks wait: each task is listed, with what it waits for and where.
@Suite(.timeLimit(.minutes(10))) struct TaskZooTests {
    @Test(arguments: TaskProgram.all) func tasksAreListed(program: TaskProgram) throws {
        try Self.check(program, executable: ChildProcess.built("TaskZoo"))
    }

    /// Async functions are inlined there, and names of their parts are missing.
    @Test(.enabled(if: ReleaseBuild.isWanted)) func optimizedProgramsToo() throws {
        let executable = try ReleaseBuild.executable("TaskZoo").path
        for program in TaskProgram.all { try Self.check(program, executable: executable) }
    }

    private static func check(_ program: TaskProgram, executable: String) throws {
        let report = try program.report(executable: executable)
        let names = Dictionary(report.tasks.map { ($0.id, $0.name ?? "") }) { first, _ in first }
        #expect(names.count == report.tasks.count, "numbers are unique")
        #expect(report.completeness.tasksFound == report.tasks.count { $0.state != "completed" })
        #expect(!report.completeness.gaps.contains { $0.contains("task") }, "\(report.completeness.gaps)")
        for truth in program.tasks {
            let tasks = report.tasks.filter { ($0.name ?? "") == truth.name && $0.kind == truth.kind }
            #expect(tasks.count == 1, "\(program.name): \(truth.name) among \(names)")
            guard let task = tasks.first else { continue }
            #expect(task.state == truth.state, "\(truth.name)")
            #expect(task.waitsFor?.kind == truth.waitsFor, "\(truth.name)")
            if let on = truth.on {
                let other = task.waitsFor?.task ?? task.waitsFor?.heldByTask
                #expect(other.flatMap { names[$0] } == on, "\(truth.name)")
            }
            #expect(task.parent.flatMap { names[$0] } == truth.parent, "\(truth.name)")
            if let parent = task.parent {
                #expect(report.tasks.first { $0.id == parent }?.children.contains(task.id) == true)
            }
            try Self.compare(task, of: report, with: truth)
        }
        #expect(report.verdict.kind == program.verdict, "\(report.verdict.summary)")
        for words in program.words { #expect(report.verdict.summary.contains(words), "\(report.verdict.summary)") }
    }

    private static func compare(_ task: ReportDocument.Task, of report: ReportDocument, with truth: TaskTruth) throws {
        if task.state == "running" {
            let thread = try #require(report.threads.first { $0.tid == task.thread })
            #expect(thread.task == task.id)
            #expect(task.frames.isEmpty)
        } else {
            #expect(!task.frames.isEmpty && task.frames.allSatisfy(\.async))
        }
        var functions = truth.stack[...]
        for frame in task.frames where frame.function != nil && frame.function == functions.first {
            functions.removeFirst()
        }
        #expect(functions.isEmpty, "\(truth.name): \(task.frames.map { $0.function ?? $0.address })")
    }

    @Test func aCancelledTaskIsCalledSo() throws {
        let program = try #require(TaskProgram.all.first { $0.name == "cancelled" })
        #expect(try program.report().tasks.filter(\.cancelled).map(\.name) == ["deaf"])
    }

    @Test func prioritiesHaveNames() throws {
        let program = try #require(TaskProgram.all.first { $0.name == "continuation" })
        let report = try program.report()
        #expect(report.tasks.first { $0.name == "detached" }?.priority == "background")
    }

    @Test func aDeepRecursionIsCut() throws {
        let report = try TaskProgram(name: "recursion", tasks: []).report()
        let task = try #require(report.tasks.first { $0.name == "deep" })
        #expect(task.framesCut == true && task.waitsFor?.kind == "continuation")
        #expect(task.frames.last?.function == "recursesAndWaits(_:)")
    }

    @Test func tenThousandTasksAreFound() throws {
        let report = try TaskProgram(name: "many", tasks: []).report()
        let own = report.tasks.filter { $0.frames.contains { $0.function == "outerWaits()" } }
        #expect(own.count == 10_000)
        #expect(own.allSatisfy { $0.state == "suspended" && $0.waitsFor?.kind == "continuation" })
    }
}
