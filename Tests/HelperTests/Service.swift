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
        let arguments = (shell.map { ["/bin/sh", "-c", $0] } ?? []) + command
        process = try ChildProcess(
            arguments[0], Array(arguments.dropFirst()), environment: all, directory: directory)
        reports = ReportDirectory(directory, serviceName: "orders")
        guard try process.readLine() == "ready" else {
            let errors = process.standardError
            process.kill()
            throw ProcessFailure(description: errors)
        }
        try process.waitUntilAllSleep()
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
    func report() throws -> ServiceReport {
        kill(pid, SIGUSR2)
        return try nextReport()
    }

    /// Blocks.
    @available(*, noasync)
    func nextReport() throws -> ServiceReport {
        let name = try reports.nextName(within: .seconds(30))
        return try JSONDecoder().decode(
            ServiceReport.self, from: Data(contentsOf: directory.appending(path: name)))
    }

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

/// Of a report in JSON, what these tests look at.
struct ServiceReport: Decodable {
    struct Verdict: Decodable {
        var kind: String
        var summary: String
    }
    struct Thread: Decodable {
        struct Frame: Decodable {
            var function: String?
        }
        var frames: [Frame]
    }
    struct Section: Decodable {
        var title: String
        var error: String?
    }
    struct Completeness: Decodable {
        var finishedBy: String
        var gaps: [String]
    }

    struct ProcessNode: Decodable {
        var command: String?
        var children: [ProcessNode]
        var all: [String] { [command ?? ""] + children.flatMap(\.all) }
    }
    struct Trigger: Decodable {
        struct End: Decodable {
            var signal: String?
            var coreDump: Bool?
            var cgroup: String?
            var memoryKills: UInt64?
            var memoryLimitBytes: UInt64?
        }
        var kind: String
        var signal: String?
        var end: End?
    }
    struct Identity: Decodable {
        var pid: Int32
        var started: String?
        var serviceName: String?
    }

    var trigger: Trigger
    var process: Identity
    var processes: [ProcessNode]
    var verdict: Verdict
    var threads: [Thread]
    var sections: [Section]
    var completeness: Completeness

    /// Of all processes.
    var commands: [String] { processes.flatMap(\.all) }

    var functions: [String] { threads.flatMap(\.frames).compactMap(\.function) }
}
