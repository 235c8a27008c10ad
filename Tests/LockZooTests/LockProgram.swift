import Foundation
import ProcessKit
import Testing

/// A program of the lock zoo with its truth, as `LockZoo --list` prints it.
struct LockProgram: Sendable, CustomTestStringConvertible {
    var name: String
    /// `alpha mutex beta mutex alpha: certain`
    var deadlocks: [String]
    /// `gamma mutex alpha`
    var waits: [String]

    var testDescription: String { name }

    static func all() throws -> [LockProgram] {
        try lines(of: "--list").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            return LockProgram(name: String(fields[0]), deadlocks: parts(of: fields[1]), waits: parts(of: fields[2]))
        }
    }

    static func healthy() throws -> [String] { try lines(of: "--list-healthy") }

    private static func lines(of option: String) throws -> [String] {
        let run = try ToolRun.run(ChildProcess.built("LockZoo"), [option])
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
        return run.text.split(separator: "\n").map(String.init)
    }

    private static func parts(of field: Substring) -> [String] {
        field.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// What a report of the running program says, once all its threads are where they stay.
    /// - Parameter filter: Of a `SystemCallFilter`.
    func report(filter: String? = nil) throws -> LockReport {
        let directory = try ChildProcess.makeDirectory()
        let process = try ChildProcess.service(
            [ChildProcess.built("LockZoo"), name], shell: filter,
            environment: ["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json"], directory: directory)
        defer { process.kill() }
        kill(process.pid, SIGUSR2)
        return try LockReport(ReportDirectory(directory, serviceName: "lockzoo").nextDocument(within: .seconds(20)))
    }
}

/// What a report says of locks, with names in the place of numbers.
struct LockReport {
    var verdict: String
    var summary: String
    /// As the truth writes them.
    var deadlocks: [String]
    var waits: [String]
    var gaps: [String]

    init(_ document: ReportDocument) throws {
        let names = Dictionary(document.threads.map { ($0.tid, $0.name ?? "?") }) { first, _ in first }
        verdict = document.verdict.kind
        summary = document.verdict.summary
        deadlocks = document.locks.deadlocks.map { deadlock in
            let edges = deadlock.edges
            let start = edges.indices.min { names[edges[$0].waiter]! < names[edges[$1].waiter]! } ?? 0
            let turned = edges[start...] + edges[..<start]
            let path = turned.map { "\(names[$0.waiter]!) \($0.kind) " }.joined() + names[turned.first!.waiter]!
            return path + ": " + (deadlock.timed ? "timed " : "") + deadlock.certainty
        }
        gaps = document.completeness.gaps
        waits = document.threads.compactMap { thread in
            guard let wait = thread.waitsFor else { return nil }
            let process = wait.ownerProcess.map { $0 == document.process.pid ? "self" : "other" }
            let owner = wait.ownerAlive == false ? "gone" : process ?? wait.owner.map { names[$0] ?? "?" } ?? "-"
            return "\(thread.name ?? "?") \(wait.kind) \(owner)\(wait.refused == true ? " refused" : "")"
        }
    }
}
