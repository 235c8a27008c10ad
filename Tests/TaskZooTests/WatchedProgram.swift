import Foundation
import ProcessKit

/// A program of the task zoo with a watchdog, and what it reports. Those named `watched…` have an event loop that can be
/// held.
final class WatchedProgram {
    let process: ChildProcess
    private let reports: ReportDirectory

    /// Returns when it is ready.
    /// - Parameter limit: In seconds.
    @available(*, noasync)
    init(_ name: String, limit: Double = 0.5, pause: Int = 600) throws {
        let directory = try ChildProcess.makeDirectory()
        process = try ChildProcess(
            ChildProcess.built("TaskZoo"), [name],
            environment: [
                "GMR_WATCHDOG": "\(limit)", "GMR_WATCHDOG_PAUSE": "\(pause)", "GMR_LOG_DIR": directory.path,
                "GMR_FORMAT": "json",
            ], directory: directory)
        reports = ReportDirectory(directory, serviceName: "taskzoo")
        guard try process.readLine(within: .seconds(60)) == "ready" else {
            process.kill()
            throw ProcessFailure(description: process.standardError)
        }
    }

    deinit { process.kill() }

    /// One that was not there before.
    @available(*, noasync)
    func nextReport() throws -> ReportDocument { try reports.nextDocument(within: .seconds(60)) }

    var reportCount: Int { get throws { try reports.names().count } }

    func hold() throws { try process.send("hold\n") }
    func release() throws { try process.send("release\n") }

    /// Holds its event loop, which must be reported next.
    /// - Throws: Where something else was, before: whatever the watchdog had to say then has been said now.
    @available(*, noasync)
    func reportOfHeldLoop() throws -> ReportDocument {
        let begin = Date(timeIntervalSinceNow: -0.001)
        try hold()
        let report = try nextReport()
        guard try Self.time(of: report) >= begin, report.trigger.watchdog?.target == "event loop 1" else {
            throw ProcessFailure(description: "\(report.trigger) at \(report.generated), before \(begin)")
        }
        return report
    }

    static func time(of report: ReportDocument) throws -> Date {
        try Date(report.generated, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Sets its threads' policy, an option of chrt(1), and the processors that they may use, a mask in hexadecimal.
    @available(*, noasync)
    func schedule(_ policy: String, processors: String, sparing names: String = "") throws {
        let script = """
            for task in /proc/$0/task/*; do
                case " $3 " in *" $(cat $task/comm) "*) continue ;; esac
                chrt $1 --pid 0 ${task##*/} >&2 && taskset --pid $2 ${task##*/} >&2 || exit 1
            done
            """
        let shell = try ChildProcess(
            "/bin/sh", ["-c", script, "\(process.pid)", policy, processors, names],
            directory: try ChildProcess.makeDirectory())
        defer { shell.kill() }
        guard try shell.waitForEnd() == 0 else { throw ProcessFailure(description: shell.standardError) }
    }

    /// The ids of its threads.
    var threads: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/task")) ?? []
        return names.compactMap { Int32($0) }
    }
}
