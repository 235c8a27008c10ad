import Foundation
import ProcessKit
import Testing

/// A running `ReportService`, ended by `kill()`.
final class ServiceProcess {
    let process: ChildProcess
    /// For its log directory and its trigger file; removed with it.
    var directory: URL { process.directory }

    var pid: Int32 { process.pid }

    /// Starts it and waits until it works. `DIR` in what is given stands for `directory`. Blocks.
    /// - Parameters:
    ///   - shell: What a shell does, with the command in "$0" and "$@", which it must exec.
    ///   - prepare: Is given `directory` before the start.
    @available(*, noasync)
    init(
        _ arguments: [String], environment: [String: String] = [:], shell: String? = nil,
        errors: ChildProcess.Errors = .file, prepare: (URL) throws -> Void = { _ in }
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        try prepare(directory)
        func placed(_ text: String) -> String { text.replacingOccurrences(of: "DIR", with: directory.path) }
        process = try ChildProcess.service(
            [ChildProcess.built("ReportService")] + arguments.map(placed), shell: shell.map(placed),
            environment: environment.mapValues(placed), directory: directory, errors: errors)
    }

    /// Runs `body` with a service, and ends it.
    @available(*, noasync)
    static func with(
        _ arguments: [String], environment: [String: String] = [:], shell: String? = nil,
        errors: ChildProcess.Errors = .file, prepare: (URL) throws -> Void = { _ in },
        body: (ServiceProcess) throws -> Void
    ) throws {
        let service = try ServiceProcess(
            arguments, environment: environment, shell: shell, errors: errors, prepare: prepare)
        defer { service.process.kill() }
        try body(service)
    }

    func send(_ signal: Int32) {
        Foundation.kill(pid, signal)
    }

    /// As the command does.
    func touch(_ name: String) {
        utimensat(AT_FDCWD, directory.appending(path: name).path, nil, 0)
    }

    /// Waits until standard error has so many reports. Blocks.
    @available(*, noasync)
    func reportsOnStandardError(count: Int = 1) throws -> [TextReport] {
        try reports(in: directory.appending(path: "stderr"), count: count)
    }

    /// Waits until a log has so many reports. Blocks.
    @available(*, noasync)
    func reports(in log: URL, count: Int) throws -> [TextReport] {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            let reports = TextReport.all(in: text)
            if reports.count >= count { return reports }
            guard ContinuousClock.now < end else {
                throw ProcessFailure(description: "\(reports.count) of \(count) reports in the log: \(text)")
            }
            usleep(2000)
        }
    }

    /// Where the service puts reports, below `directory`.
    func directory(_ folder: String, of serviceName: String) -> ReportDirectory {
        ReportDirectory(directory.appending(path: folder), serviceName: serviceName)
    }

    /// It still answers, and ends as it would have done: SIGPIPE and SIGXFSZ are what they were. Blocks.
    @available(*, noasync)
    func expectItIsWell() throws {
        try process.send("?")
        try #expect(process.readLine() == "served")
        let both: UInt64 = 1 << UInt64(SIGPIPE - 1) | 1 << UInt64(SIGXFSZ - 1)
        try #expect((signalMask("SigCgt") | signalMask("SigIgn")) & both == 0)
        try process.closeInput()
        try #expect(process.waitForEnd() == 0)
    }

    /// `SigCgt`, `SigIgn` and such of /proc/PID/status.
    func signalMask(_ key: String) throws -> UInt64 {
        let lines = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(separator: "\n")
        return lines.first { $0.hasPrefix(key + ":") }.flatMap { UInt64($0.dropFirst(key.count + 2), radix: 16) } ?? 0
    }
}

extension ReportDirectory {
    /// Waits for a report that was not there before. Blocks.
    @available(*, noasync)
    func nextTextReport() throws -> TextReport {
        try TextReport(file: url.appending(path: nextName(within: .seconds(30))))
    }

    /// Waits for so many names that were not there before. Blocks.
    @available(*, noasync)
    func nextNames(count: Int) throws -> [String] {
        try (0..<count).map { _ in try nextName(within: .seconds(30)) }
    }

    /// The last of those that are there.
    func newestName() throws -> String? {
        try names().max { ($0.prefix(36), $0.count, $0) < ($1.prefix(36), $1.count, $1) }
    }
}
