import Foundation
import ProcessKit
import Testing

/// What a report must say of one task of a program.
struct TaskTruth: Sendable {
    var name: String
    var state = "suspended"
    var kind = "task"
    /// `continuation`; nil where it waits for nothing.
    var waitsFor: String?
    /// Name of the task that it waits for, or of the one that holds its actor.
    var on: String?
    var parent: String?
    /// Some functions of its stack, the innermost first.
    var stack: [String] = []

    static let holder = TaskTruth(name: "holder", state: "running")

    /// It waits for the actor that the holder is on.
    static func queued(_ name: String) -> TaskTruth {
        TaskTruth(name: name, state: "enqueued", waitsFor: "actor", on: "holder")
    }
}

/// A program of the task zoo with its truth.
struct TaskProgram: Sendable, CustomTestStringConvertible {
    var name: String
    var tasks: [TaskTruth]
    var verdict = "none"
    /// Parts of the verdict's summary.
    var words: [String] = []

    var testDescription: String { name }

    private static let nested = ["isNeverResumed()", "innerWaits()", "middleWaits()", "outerWaits()"]

    static let all = waiting + channels + executors + semaphores

    /// With its truth, where that is known.
    static func named(_ name: String) -> TaskProgram {
        all.first { $0.name == name } ?? TaskProgram(name: name, tasks: [])
    }

    private static let waiting = [
        TaskProgram(
            name: "continuation",
            tasks: [
                TaskTruth(name: "nested", waitsFor: "continuation", stack: nested),
                TaskTruth(name: "detached", waitsFor: "continuation", stack: nested),
            ]),
        TaskProgram(
            name: "awaits",
            tasks: [
                TaskTruth(name: "awaited", waitsFor: "continuation", stack: nested),
                TaskTruth(name: "waiter", waitsFor: "task", on: "awaited"),
            ]),
        TaskProgram(
            name: "circle",
            tasks: [
                TaskTruth(name: "first", waitsFor: "task", on: "second"),
                TaskTruth(name: "second", waitsFor: "task", on: "first"),
            ], verdict: "deadlock",
            words: ["DEADLOCK: task ", "\"first\" waits for task ", "\"second\" waits for task "]),
        TaskProgram(
            name: "group",
            tasks: [
                TaskTruth(name: "parent", waitsFor: "group"),
                TaskTruth(
                    name: "child 1", kind: "groupChild", waitsFor: "continuation", parent: "parent", stack: nested),
                TaskTruth(
                    name: "child 3", kind: "groupChild", waitsFor: "continuation", parent: "parent", stack: nested),
            ]),
        TaskProgram(
            name: "async-let",
            tasks: [
                TaskTruth(name: "parent", waitsFor: "task"),
                TaskTruth(name: "", kind: "asyncLet", waitsFor: "continuation", parent: "parent", stack: nested),
            ]),
        TaskProgram(name: "stream", tasks: [TaskTruth(name: "consumer", waitsFor: "continuation")]),
        TaskProgram(name: "sleep", tasks: [TaskTruth(name: "sleeper", waitsFor: "sleep")]),
        TaskProgram(name: "cancelled", tasks: [TaskTruth(name: "deaf", waitsFor: "continuation", stack: nested)]),
        TaskProgram(
            name: "actor",
            tasks: [
                .holder,
                .queued("customer 1"),
                .queued("customer 2"),
            ]),
        TaskProgram(
            name: "main-actor",
            tasks: [
                .holder,
                .queued("updater"),
            ], verdict: "mainActorBlocked",
            words: ["MAIN ACTOR BLOCKED: ", "\"updater\"", "held by task ", "\"holder\""]),
        TaskProgram(
            name: "pool", tasks: [TaskTruth(name: "starved", state: "enqueued", waitsFor: "executor")],
            verdict: "poolStarved", words: ["POOL STARVED: ", "1 task waits for one: ", "\"starved\"", "\"blocker 1\""]),
        TaskProgram(
            name: "running",
            tasks: [
                TaskTruth(name: "known", state: "running", stack: running),
                TaskTruth(name: "knows", state: "running", stack: running),
            ]),
    ]

    private static let running = ["wait(for:)", "innerBlocks(_:)", "middleBlocks(_:)", "outerBlocks(_:)"]
    private static let likely = "Most likely a deadlock: task "

    /// Nobody is at the other end.
    private static let channels = [
        TaskProgram(
            name: "channel",
            tasks: [
                TaskTruth(name: "consumer 1", waitsFor: "continuation", stack: ["receives(from:)", "consumes(_:)"]),
                TaskTruth(name: "consumer 2", waitsFor: "continuation", stack: ["receives(from:)", "consumes(_:)"]),
                TaskTruth(name: "sender", waitsFor: "continuation", stack: ["sends(to:)", "produces(for:)"]),
            ])
    ]

    /// On executors of the program's own.
    private static let executors = [
        TaskProgram(
            name: "executor",
            tasks: [
                .holder,
                TaskTruth(name: "customer", state: "enqueued", waitsFor: "executor", on: "holder"),
            ]),
        TaskProgram(
            name: "preferred",
            tasks: [
                .holder,
                TaskTruth(name: "customer", state: "enqueued", waitsFor: "executor"),
            ]),
        TaskProgram(
            name: "distributed",
            tasks: [TaskTruth(name: "caller", waitsFor: "continuation", stack: nested + ["Clerk.waits()"])]),
    ]

    /// Threads that wait for semaphores, which tasks would signal, or others.
    static let semaphores = [
        TaskProgram(
            name: "own-actor",
            tasks: [
                .holder,
                .queued("signaller"),
            ], verdict: "deadlock",
            words: [likely, "waits for the dispatch semaphore 0x", "\"signaller\" has; task", "waits for the actor"]),
        TaskProgram(
            name: "own-main-actor",
            tasks: [
                .holder,
                .queued("signaller"),
            ], verdict: "deadlock", words: [likely, "\"signaller\" has; task", "MAIN ACTOR BLOCKED: "]),
        TaskProgram(
            name: "own-group",
            tasks: [
                .holder,
                TaskTruth(name: "parent", waitsFor: "group"),
                TaskTruth(
                    name: "child 1", state: "enqueued", kind: "groupChild", waitsFor: "actor", on: "holder",
                    parent: "parent"),
            ], verdict: "deadlock",
            words: [likely, "\"parent\" has; task", "waits for the tasks of its group, among them task"]),
        TaskProgram(
            name: "group-circle",
            tasks: [
                TaskTruth(name: "parent", waitsFor: "group"),
                TaskTruth(name: "child 2", kind: "groupChild", waitsFor: "task", on: "parent", parent: "parent"),
            ], verdict: "deadlock", words: [likely, "\"parent\" waits for the tasks of its group, among them task"]),
        TaskProgram(
            name: "main-queue",
            tasks: [TaskTruth(name: "signaller", state: "enqueued", waitsFor: "actor")], verdict: "deadlock",
            words: [
                "Most likely a deadlock: thread ", "\"signaller\" has; task", "actor MainActor, on which thread",
                "MAIN ACTOR BLOCKED: ",
            ]),
        TaskProgram(
            name: "main-thread",
            tasks: [TaskTruth(name: "signaller", state: "enqueued", waitsFor: "actor")], verdict: "deadlock",
            words: ["Most likely a deadlock: thread ", "\"signaller\" has; task", "actor MainActor, on which thread"]),
        TaskProgram(
            name: "two-actors",
            tasks: [
                .holder,
                TaskTruth(name: "middle", state: "running"),
                .queued("last"),
            ], verdict: "deadlock", words: [likely, "\"middle\" has; task", "\"last\" has; task", "\"holder\" is."]),
        TaskProgram(
            name: "own-pool",
            tasks: [TaskTruth(name: "signaller 1", state: "enqueued", waitsFor: "executor")], verdict: "deadlock",
            words: [likely, "a thread of Swift's pool, of which task", "POOL STARVED: "]),
        TaskProgram(
            name: "outside",
            tasks: [
                .holder,
                TaskTruth(name: "signaller", waitsFor: "continuation", stack: nested),
            ]),
        TaskProgram(
            name: "callback",
            tasks: [
                TaskTruth(name: "parent", waitsFor: "task"),
                TaskTruth(name: "", state: "running", kind: "asyncLet", parent: "parent"),
            ]),
        TaskProgram(
            name: "gate",
            tasks: [
                .holder,
                .queued("visitor"),
            ]),
    ]

    /// What a report of the running program says.
    @available(*, noasync)
    func report(
        executable: String = ChildProcess.built("TaskZoo"), environment: [String: String] = [:],
        signal: Int32 = SIGUSR2
    ) throws -> ReportDocument {
        let (process, reports) = try start(executable: executable, environment: environment)
        defer { process.kill() }
        return try Self.report(of: process, in: reports, signal: signal)
    }

    /// Runs it until it is ready; to be killed.
    @available(*, noasync)
    func start(
        executable: String = ChildProcess.built("TaskZoo"), environment: [String: String] = [:]
    ) throws -> (ChildProcess, ReportDirectory) {
        let directory = try ChildProcess.makeDirectory()
        let process = try ChildProcess.service(
            [executable, name],
            environment: environment.merging(["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json"]) { $1 },
            directory: directory)
        return (process, ReportDirectory(directory, serviceName: "taskzoo"))
    }

    /// The next one.
    @available(*, noasync)
    static func report(
        of process: ChildProcess, in reports: ReportDirectory, signal: Int32 = SIGUSR2
    ) throws -> ReportDocument {
        kill(process.pid, signal)
        return try reports.nextDocument(within: .seconds(20))
    }
}
