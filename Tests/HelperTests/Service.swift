import Foundation
import ProcessKit
import Testing

/// A running `ReportService` with a log directory, whose reports are JSON.
final class Service {
    let process: ChildProcess
    private let reports: ReportDirectory

    var pid: Int32 { process.pid }
    var directory: URL { process.directory }

    /// Starts it and waits until it works. Blocks.
    /// - Parameters:
    ///   - environment: `DIR` stands for the log directory.
    ///   - shell: What a shell does, with the command in "$0" and "$@", which it must exec.
    @available(*, noasync)
    init(environment: [String: String], shell: String? = nil) throws {
        let directory = try ChildProcess.makeDirectory()
        let all = ["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json", "SWIFT_BACKTRACE": "enable=no"]
            .merging(environment) { $1.replacingOccurrences(of: "DIR", with: directory.path) }
        let command = [ChildProcess.built("ReportService"), "--service-name", "orders", "--section", "Pool"]
        reports = ReportDirectory(directory, serviceName: "orders")
        process = try ChildProcess.service(command, shell: shell, environment: all, directory: directory)
    }

    /// Runs `body` with a service, and ends it.
    @available(*, noasync)
    static func with(
        _ environment: [String: String], shell: String? = nil, body: (Service) throws -> Void
    ) throws {
        let service = try Service(environment: environment, shell: shell)
        defer { service.process.kill() }
        try body(service)
    }

    /// Asks for a report and waits for it. Blocks.
    @available(*, noasync)
    func report() throws -> ReportDocument {
        kill(pid, SIGUSR2)
        return try nextReport()
    }

    /// Blocks.
    @available(*, noasync)
    func nextReport() throws -> ReportDocument { try reports.nextDocument(within: .seconds(30)) }

    /// To a command of one letter. Blocks.
    @available(*, noasync)
    func answer(to command: String) throws -> String? {
        try process.send(command)
        return try process.readLine()
    }

    /// Blocks.
    @available(*, noasync)
    func waitUntil(_ condition: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(20)
        while !condition() {
            guard ContinuousClock.now < end else { throw ProcessFailure(description: process.standardError) }
            usleep(2000)
        }
    }

    func reportNames() throws -> [String] { try reports.names() }
}
