import Foundation
import ProcessKit

/// A running scenario, killed with everything it started by `kill()`.
final class ZooProcess {
    let logDirectory: ReportDirectory
    private let process: ChildProcess

    var pid: Int32 { process.pid }

    /// Where SwiftPM built the tests it built the zoo too.
    static let debugExecutable = URL(filePath: ChildProcess.built("HangZoo"))

    /// Starts `HangZoo scenario` and waits until it says that all its threads hang. Blocks the calling thread.
    @available(*, noasync)
    init(
        _ scenario: ZooCase, executable: URL = ZooProcess.debugExecutable, environment: [String: String] = [:]
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        logDirectory = ReportDirectory(directory, serviceName: "hangzoo")
        var arguments = [scenario.name]
        if let plugin = scenario.plugin { arguments.append(try ZooPlugin.build(plugin, into: directory)) }
        process = try ChildProcess(
            executable.path, arguments,
            environment: [
                "GMR_FORMAT": "json", "GMR_LOG_DIR": directory.path, "ZOO_READY_FD": "1",
                "ZOO_ALARM_SECONDS": "\(scenario.alarmSeconds)",
            ].merging(environment) { $1 },
            directory: directory)
        guard try process.readLine() == "R" else {
            kill()
            throw ObservationFailure(description: "\(scenario.name) did not get ready: \(standardError)")
        }
        try process.waitUntilAllSleep()
    }

    /// What the process wrote to standard error: a report that found no other way out, or why a scenario failed.
    var standardError: String { process.standardError }

    /// Waits until standard error has `text`. Blocks the calling thread.
    @available(*, noasync)
    func waitForStandardError(_ text: String, within deadline: Duration = .seconds(20)) throws {
        try process.waitForStandardError(text, within: deadline)
    }

    func kill() {
        process.kill()
    }

    /// Sends SIGUSR2 and waits for the report. Blocks the calling thread.
    @available(*, noasync)
    func report(within deadline: Duration = .seconds(30)) throws -> GMRReport {
        Foundation.kill(pid, SIGUSR2)
        do {
            return try logDirectory.nextReport(within: deadline)
        } catch {
            throw ObservationFailure(description: "\(error)\nstandard error: \(standardError.prefix(4000))")
        }
    }

    /// Sends a command to the scenario and returns the lines up to `end`. Blocks the calling thread.
    @available(*, noasync)
    func command(_ command: Character) throws -> [String] {
        try process.send(String(command))
        var lines: [String] = []
        while let line = try process.readLine(), line != "end" {
            lines.append(line)
        }
        return lines
    }
}
