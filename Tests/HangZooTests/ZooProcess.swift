import Foundation

/// A running scenario in a process group of its own, killed with everything it started by `kill()`.
final class ZooProcess {
    let pid: Int32
    let logDirectory: ReportDirectory
    private let input: FileHandle
    private let output: FileHandle
    private let errors: URL
    private var pending = Data()

    /// Where SwiftPM built the tests it built the zoo too.
    static let debugExecutable = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "HangZoo")

    /// Starts `HangZoo scenario` and waits until it says that all its threads hang. Blocks the calling thread.
    @available(*, noasync)
    init(
        _ scenario: ZooCase, executable: URL = ZooProcess.debugExecutable, environment: [String: String] = [:]
    ) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "hangzoo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // `not-dumpable` gives up being root and must still be able to write its report.
        chmod(directory.path, 0o777)
        logDirectory = ReportDirectory(directory)
        errors = directory.appending(path: "stderr")
        var arguments = [scenario.name]
        if let plugin = scenario.plugin { arguments.append(try ZooPlugin.build(plugin, into: directory)) }
        let toChild = Pipe()
        let fromChild = Pipe()
        try Data().write(to: errors)
        let errorFile = try FileHandle(forWritingTo: errors)
        pid = try Spawn.start(
            executable.path, arguments,
            environment: [
                "GMR_FORMAT": "json", "GMR_LOG_DIR": directory.path, "ZOO_READY_FD": "1",
                "ZOO_ALARM_SECONDS": "\(scenario.alarmSeconds)",
            ].merging(environment) { $1 },
            descriptors: Spawn.Descriptors(
                input: toChild.fileHandleForReading.fileDescriptor,
                output: fromChild.fileHandleForWriting.fileDescriptor, error: errorFile.fileDescriptor))
        try toChild.fileHandleForReading.close()
        try fromChild.fileHandleForWriting.close()
        input = toChild.fileHandleForWriting
        output = fromChild.fileHandleForReading
        guard try readLine(within: .seconds(30)) == "R" else {
            kill()
            throw ObservationFailure(description: "\(scenario.name) did not get ready: \(standardError)")
        }
        try waitUntilAllSleep(within: .seconds(10))
    }

    /// The thread that said "ready" was running when it did. Waits until it sleeps too, as all but `hot-…` ones do.
    private func waitUntilAllSleep(within deadline: Duration) throws {
        let end = ContinuousClock.now + deadline
        while let running = Self.aRunningThread(of: pid) {
            guard ContinuousClock.now < end else {
                kill()
                throw ObservationFailure(description: "thread \(running) does not go to sleep")
            }
            usleep(1000)
        }
    }

    private static func aRunningThread(of pid: Int32) -> String? {
        let tids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        for tid in tids {
            // `tid (name) state …`
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/task/\(tid)/stat", encoding: .utf8),
                let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
            else { continue }
            let name = String(stat[stat.index(after: open)..<close])
            let isFree = name.hasPrefix("hot-") || name.hasPrefix("gmr-")
            if stat[close...].hasPrefix(") R") && !isFree { return name }
        }
        return nil
    }

    /// What the process wrote to standard error: a report that found no other way out, or why a scenario failed.
    var standardError: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Waits until standard error has `text`. Blocks the calling thread.
    @available(*, noasync)
    func waitForStandardError(_ text: String, within deadline: Duration = .seconds(20)) throws {
        let end = ContinuousClock.now + deadline
        while !standardError.contains(text) {
            guard ContinuousClock.now < end else {
                throw ObservationFailure(description: "no \"\(text)\" on standard error: \(standardError)")
            }
            usleep(2000)
        }
    }

    /// Kills the process group, takes its exit status and removes the directory of its reports.
    func kill() {
        Foundation.kill(-pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        try? FileManager.default.removeItem(at: logDirectory.url)
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
        try input.write(contentsOf: Data(String(command).utf8))
        var lines: [String] = []
        while let line = try readLine(within: .seconds(30)), line != "end" {
            lines.append(line)
        }
        return lines
    }

    /// The next line of standard output; nil at its end, or when the deadline has passed.
    private func readLine(within deadline: Duration) throws -> String? {
        let end = ContinuousClock.now + deadline
        while true {
            if let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending = Data(pending[(newline + 1)...])
                return line
            }
            let left = (end - .now) / .milliseconds(1)
            var event = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&event, 1, Int32(left) + 1) > 0 else { return nil }
            let data = output.availableData
            guard !data.isEmpty else { return nil }
            pending += data
        }
    }
}
