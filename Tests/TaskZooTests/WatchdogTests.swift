import Foundation
import ProcessKit
import Testing

/// Real programs with a watchdog. One after the other: they are about time.
@Suite(.serialized, .timeLimit(.minutes(10))) struct WatchdogTests {
    /// What is in the report of each program.
    struct Hang: Sendable, CustomTestStringConvertible {
        var program: String
        var target: String
        var verdict = "none"
        var testDescription: String { program }
    }

    @Test(arguments: [
        // The program's tasks have the priority of its main thread.
        Hang(program: "pool", target: "tasks of high priority", verdict: "poolStarved"),
        Hang(program: "watched-hog", target: "tasks of low priority"),
        Hang(program: "watched-main-actor", target: "main actor", verdict: "mainActorBlocked"),
        Hang(program: "watched-sender", target: "stuck sender"),
    ])
    func whatHangsIsReportedOnce(hang: Hang) throws {
        let program = try WatchedProgram(hang.program, pause: 1)
        let report = try program.nextReport()
        #expect(report.trigger.kind == "watchdog")
        let heartbeat = try #require(report.trigger.watchdog)
        #expect(heartbeat.target == hang.target)
        #expect(heartbeat.silentNanoseconds >= 500_000_000)
        #expect(report.verdict.kind == hang.verdict)
        #expect(
            report.verdict.summary.contains("The watchdog asked for this report: no answer from \(hang.target) for "))
        try Self.passRounds(of: program)
        #expect(try program.reportCount == 1)
    }

    @Test func anEventLoopIsReportedAgainAfterThePause() throws {
        let program = try WatchedProgram("watched", pause: 3)
        let first = try program.reportOfHeldLoop()
        #expect(first.trigger.kind == "watchdog")
        try program.release()
        try program.process.waitForStandardError("gmr: event loop 1 answers the watchdog again, after ")
        let second = try program.reportOfHeldLoop()
        #expect(try WatchedProgram.time(of: second).timeIntervalSince(WatchedProgram.time(of: first)) >= 3)
    }

    @Test func aBusyServiceIsHealthy() throws {
        let program = try WatchedProgram("watched-busy", limit: 2)
        _ = try program.reportOfHeldLoop()
    }

    @Test func whatIsNoLongerRegisteredIsLeftAlone() throws {
        let program = try WatchedProgram("watched-unregistered")
        _ = try program.reportOfHeldLoop()
    }

    @Test func aStoppedProcessIsNotHung() throws {
        let program = try WatchedProgram("watched")
        for _ in 0..<5 {
            kill(program.process.pid, SIGSTOP)
            usleep(1_000_000)
            kill(program.process.pid, SIGCONT)
            usleep(10_000)
        }
        _ = try program.reportOfHeldLoop()
    }

    /// On a processor that others have, at a priority that gets next to nothing.
    /// - Parameter spared: Threads that get what they want all the same: a watchdog that wakes in time.
    @Test(arguments: ["nobody", "gmr-agent gmr-watchdog"])
    func aStarvedProcessIsNotHung(spared: String) throws {
        let program = try WatchedProgram("watched")
        let others = try ChildProcess(
            "/bin/sh", ["-c", "for i in 1 2 3; do taskset 1 sh -c 'while :; do :; done' & done; wait"],
            directory: try ChildProcess.makeDirectory())
        try program.schedule("--idle", processors: "1", sparing: spared)
        usleep(5_000_000)
        others.kill()
        try program.schedule("--other", processors: "ffff")
        _ = try program.reportOfHeldLoop()
    }

    /// More of them than the pause has: the watchdog has slept and woken so often.
    @available(*, noasync)
    private static func passRounds(of program: WatchedProgram) throws {
        let thread = try #require(
            program.threads.first { name(of: $0, in: program) == "gmr-watchdog" }, "\(program.threads)")
        func switches() -> Int {
            let path = "/proc/\(program.process.pid)/task/\(thread)/status"
            let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
            return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
        }
        let last = switches() + 10
        let end = ContinuousClock.now + .seconds(60)
        while switches() < last {
            try #require(.now < end, "the watchdog does not wake up")
            usleep(10_000)
        }
    }

    private static func name(of thread: Int32, in program: WatchedProgram) -> String {
        let comm = try? String(
            contentsOfFile: "/proc/\(program.process.pid)/task/\(thread)/comm", encoding: .utf8)
        return String(comm?.dropLast() ?? "")
    }

    @Test func anEventLoopThatIsHeldIsReported() throws {
        let program = try WatchedProgram("watched-nio")
        try program.hold()
        let report = try program.nextReport()
        #expect(report.trigger.watchdog?.target == "event loop 2")
        let thread = try #require(report.threads.first { $0.frames.contains { $0.function == "wait(for:)" } })
        #expect(thread.frames.contains { $0.function?.contains("SelectableEventLoop.run()") == true })
        try program.release()
        try program.process.waitForStandardError("gmr: event loop 2 answers the watchdog again, after ")
    }
}
