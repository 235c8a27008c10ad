import Foundation
import ProcessKit
import Testing

/// C programs whose event loops the watchdog asks.
@Suite(.serialized, .timeLimit(.minutes(10))) struct WatchTests {
    /// `Programs/watch.c` in one of its modes.
    private final class Program {
        let process: ChildProcess
        private let reports: ReportDirectory

        /// Returns when it is ready.
        init(_ mode: String, environment: [String: String] = [:]) throws {
            let directory = try ChildProcess.makeDirectory()
            let path = try Library.compile("Tests/PreloadTests/Programs/watch.c", usesAPI: true, into: directory)
            let settings = ["GMR_WATCHDOG": "0.5", "GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json"]
            process = try ChildProcess(
                path, [mode], environment: settings.merging(environment) { $1 }, directory: directory)
            reports = ReportDirectory(directory, serviceName: "watched")
            guard try process.readLine() == "ready" else {
                process.kill()
                throw ProcessFailure(description: process.standardError)
            }
        }

        deinit { process.kill() }

        func nextReport() throws -> ReportDocument { try reports.nextDocument(within: .seconds(20)) }

        var reportCount: Int { get throws { try reports.names().count } }

        /// Until the watchdog has had its answers for three times the limit.
        func passQuestions() throws {
            try process.send("ask\n")
            try #require(try process.readLine(within: .seconds(60)) == "asked", "\(process.standardError)")
        }

        func end() throws {
            try process.closeInput()
            #expect(try process.waitForEnd() == 0)
        }
    }

    /// Its other loop is healthy, and says so meanwhile.
    @Test(arguments: ["loop", "two"]) func aLoopThatHangsIsReportedOnce(mode: String) throws {
        let program = try Program(mode, environment: ["GMR_WATCHDOG_PAUSE": "1"])
        try program.passQuestions()
        #expect(try program.reportCount == 0, "a healthy loop answers")
        try program.process.send("hold\n")
        let report = try program.nextReport()
        #expect(report.trigger.kind == "watchdog")
        let heartbeat = try #require(report.trigger.watchdog)
        #expect(heartbeat.target == "first loop" && heartbeat.silentNanoseconds >= 500_000_000)
        #expect(report.verdict.summary.contains("no answer from first loop for "), "\(report.verdict.summary)")
        let loop = try #require(report.threads.first { $0.name == "first loop" })
        #expect(loop.frames.contains { $0.function == "handle_request" })
        #expect(!report.threads.contains { $0.name?.hasPrefix("gmr-") == true }, "\(report.threads.map(\.name))")
        if mode == "two" { try program.passQuestions() }
        try program.process.send("release\n")
        try program.process.waitForStandardError("gmr: first loop answers the watchdog again, after ")
        try program.passQuestions()
        #expect(try program.reportCount == 1)
        try program.end()
    }

    @Test func aLoopThatNobodyAsksAnyMoreMayHang() throws {
        let program = try Program("ended")
        try program.process.send("hold\n")
        try program.passQuestions()
        #expect(try program.reportCount == 0)
        try program.end()
    }

    @Test func oneWhoseQuestionsBlockIsReported() throws {
        let program = try Program("sender")
        #expect(try program.nextReport().trigger.watchdog?.target == "stuck sender")
        // It waits for that a second, and no longer.
        try program.end()
    }

    @Test func withoutALimitNobodyAsks() throws {
        let program = try Program("loop", environment: ["GMR_WATCHDOG": "none"])
        try program.process.send("hold\n")
        try program.process.waitUntilAllSleep()
        kill(program.process.pid, SIGUSR2)
        #expect(try program.nextReport().trigger.watchdog == nil)
        try program.end()
    }

    /// It is not only preloaded: what it says itself is in force.
    @Test func aPreloadedProgramIsWatchedFromItsOwnSetUpOn() throws {
        let program = try Program("loop", environment: Library.preloading())
        let warning = "gmr: GMR_WATCHDOG has no effect until the program calls gmr_set_up() and gmr_watch()."
        #expect(program.process.standardError.contains(warning))
        try program.process.send("hold\n")
        #expect(try program.nextReport().trigger.watchdog?.target == "first loop")
        try program.process.send("release\n")
        try program.end()
    }
}
