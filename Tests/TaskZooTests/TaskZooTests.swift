import Foundation
import ProcessKit
import Testing

/// Real programs whose tasks wait: each task is listed, with what it waits for and where.
@Suite(.timeLimit(.minutes(10))) struct TaskZooTests {
    @Test(arguments: TaskProgram.all) func tasksAreListed(program: TaskProgram) throws {
        try Self.check(program)
    }

    /// Async functions are inlined there, and the runtime is part of the program.
    @Test(.enabled(if: ReleaseBuild.isWanted)) func optimizedStaticProgramsToo() throws {
        let executable = try ReleaseBuild.executable("TaskZoo", isStatic: true).path
        for program in TaskProgram.all { try Self.check(program, executable: executable) }
    }

    static func check(
        _ program: TaskProgram, executable: String = ChildProcess.built("TaskZoo"), environment: [String: String] = [:]
    ) throws {
        let report = try program.report(executable: executable, environment: environment)
        try checkTasks(of: report, program)
        #expect(report.verdict.kind == program.verdict, "\(report.verdict.summary) \(report.completeness.gaps)")
        for words in program.words { #expect(report.verdict.summary.contains(words), "\(report.verdict.summary)") }
    }

    static func checkTasks(of report: ReportDocument, _ program: TaskProgram) throws {
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
            if truth.kind != "asyncLet" {
                #expect(task.origin?.file?.contains("/TaskZoo/") == true, "\(truth.name): \(task.origin as Any)")
                #expect((1..<60_000_000_000).contains(task.ageNanoseconds ?? 0), "\(truth.name)")
            }
        }
    }

    private static func compare(_ task: ReportDocument.Task, of report: ReportDocument, with truth: TaskTruth) throws {
        if task.state == "running" {
            let thread = try #require(report.threads.first { $0.tid == task.thread })
            #expect(thread.task == task.id)
            let own = Array(task.stack.prefix { !$0.async })
            #expect(!own.isEmpty && own.map(\.address) == thread.frames.prefix(own.count).map(\.address))
            #expect(!task.stack.dropFirst(own.count).contains { !$0.async })
        } else {
            #expect(!task.stack.isEmpty && task.stack.allSatisfy(\.async))
            let places = task.stack.filter { !$0.inlined }.map(\.address)
            #expect(places.count < 2 || places[0] != places[1], "\(truth.name): who waits is there once")
        }
        var functions = truth.stack[...]
        for frame in task.stack where frame.function != nil && frame.function == functions.first {
            functions.removeFirst()
        }
        #expect(functions.isEmpty, "\(truth.name): \(task.stack.map { $0.function ?? $0.address })")
    }

    @Test func aCancelledTaskIsCalledSo() throws {
        let program = TaskProgram.named("cancelled")
        #expect(try program.report().tasks.filter(\.cancelled).map(\.name) == ["deaf"])
    }

    @Test(arguments: [false, true]) func taskLocalValuesAreShown(isOptimized: Bool) throws {
        if isOptimized && !ReleaseBuild.isWanted { return }
        let executable =
            isOptimized ? try ReleaseBuild.executable("TaskZoo", isStatic: true).path : ChildProcess.built("TaskZoo")
        let report = try TaskProgram.named("locals").report(executable: executable)
        let locals = Dictionary(report.tasks.map { ($0.name ?? "", $0.locals ?? [:]) }) { first, _ in first }
        let outer = ["request": "a request whose number is longer than a small string: 4711", "tenant": "short"]
        let inner = outer.merging(["number": "-42", "api_token": "***"]) { $1 }
        #expect(locals["unbound"] == [:] && locals["starter"] == [:])
        #expect(locals["copied"] == outer.merging(["attempt": "3"]) { $1 })
        #expect(locals["bound"] == inner && locals["child"] == inner)
    }

    @Test func anAsyncMainIsATask() throws {
        let program = TaskProgram(name: "", tasks: [])
        let report = try program.report(executable: ChildProcess.built("AsyncMain"))
        let main = try #require(report.tasks.first { $0.kind == "main" })
        let child = try #require(report.tasks.first { $0.parent == main.id })
        #expect(report.tasks.count == 2 && report.verdict.kind == "none")
        #expect(main.waitsFor?.task == child.id && child.kind == "asyncLet")
        #expect(main.stack.contains { $0.function == "static AsyncMain.main()" })
        #expect(child.stack.contains { $0.function == "static AsyncMain.waits()" })
        #expect(report.tasks.allSatisfy { $0.ageNanoseconds == nil && $0.origin == nil }, "it is not linked for that")
    }

    @Test func prioritiesHaveNames() throws {
        let program = TaskProgram.named("continuation")
        let report = try program.report()
        #expect(report.tasks.first { $0.name == "detached" }?.priority == "background")
    }

    @Test func aDeadlockIsAPathOverTasksAndThreads() throws {
        let program = TaskProgram.named("two-actors")
        let report = try program.report()
        let deadlock = try #require(report.locks.deadlocks.first, "\(report.completeness.gaps)")
        let names = Dictionary(report.tasks.map { ($0.id, $0.name) }) { first, _ in first }
        let path = try #require(deadlock.path)
        #expect(deadlock.certainty == "likely" && report.locks.deadlocks.count == 1)
        #expect(deadlock.tasks.map { names[$0] } == path.map { $0.task.flatMap { names[$0] } })
        let start = try #require(path.firstIndex { $0.task.flatMap { names[$0] } == "holder" })
        let steps = path[start...] + path[..<start]
        #expect(steps.map { $0.task.flatMap { names[$0] } } == ["holder", "middle", "last"])
        #expect(steps.map(\.waitsFor) == ["dispatchSemaphore", "dispatchSemaphore", "actor"])
        let runners = steps.map { step in report.tasks.first { $0.id == step.task }?.thread }
        #expect(steps.map(\.thread) == runners && Set(deadlock.threads) == Set(runners.compactMap(\.self)))
        #expect(report.verdict.threads == deadlock.threads.sorted() && Set(report.verdict.tasks) == Set(deadlock.tasks))
    }

    @Test func aTaskSaysWhereItWasMade() throws {
        let report = try TaskProgram.named("group").report()
        func origin(_ name: String) throws -> ReportDocument.Frame {
            try #require(report.tasks.first { $0.name == name }?.origin)
        }
        #expect(try origin("starter").file?.hasSuffix("/main.swift") == true)
        #expect(try origin("parent").function?.hasPrefix("waitsForGroup") == true)
        #expect(try origin("parent").source?.contains("Task(name: \"parent\")") == true)
        #expect(try origin("child 3").source?.contains("group.addTask(name: \"child \\(number)\")") == true)
    }

    @Test func whoHasNotMovedSinceAnEarlierReportComesFirst() throws {
        let (process, reports) = try TaskProgram.named("walk").start()
        defer { process.kill() }
        let first = try TaskProgram.report(of: process, in: reports)
        #expect(first.tasks.map(\.name) == ["starter", "walker", "stands"], "in the order of their making")
        #expect(first.tasks.allSatisfy { $0.unchangedNanoseconds == nil })
        try process.send("go on\n")
        while let line = try process.readLine(), line != "ready" {}
        let second = try TaskProgram.report(of: process, in: reports)
        #expect(second.tasks.map(\.name) == ["starter", "stands", "walker"])
        #expect(second.tasks.map { $0.unchangedNanoseconds != nil } == [true, true, false])
        let third = try TaskProgram.report(of: process, in: reports)
        let times = third.tasks.map { $0.unchangedNanoseconds ?? 0 }
        #expect(third.tasks.map(\.name) == ["starter", "stands", "walker"])
        #expect(times[0] == times[1] && times[1] > times[2] && times[2] > 0, "since the first, and since the second")
        #expect(times[0] > second.tasks[0].unchangedNanoseconds ?? .max)
    }

    @Test func aDeepRecursionIsCut() throws {
        let report = try TaskProgram.named("recursion").report()
        let task = try #require(report.tasks.first { $0.name == "deep" })
        #expect(task.framesCut == true && task.waitsFor?.kind == "continuation")
        #expect(task.stack.last?.function == "recursesAndWaits(_:)")
    }

    @Test func aSearchThatIsCutSaysSo() throws {
        let report = try TaskProgram.named("many").report(environment: ["GMR_TASK_SEARCH_MS": "1"])
        #expect(report.tasks.count < 10_000)
        #expect(report.completeness.gaps.contains { $0.contains("GMR_TASK_SEARCH_MS gives it longer") })
    }

    @Test func aLongSearchHidesNoDeadlock() throws {
        try Self.check(.named("own-actor"), environment: ["TASKZOO_RESERVES": "2", "GMR_TASK_SEARCH_MS": "5000"])
    }

    @Test func tenThousandTasksAreFound() throws {
        let report = try TaskProgram.named("many").report()
        let own = report.tasks.filter { task in
            task.frames?.contains { $0.function == "outerWaits()" } == true
        }
        #expect(own.count == 10_000)
        #expect(own.allSatisfy { $0.state == "suspended" && $0.waitsFor?.kind == "continuation" })
    }
}
