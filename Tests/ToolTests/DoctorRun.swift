import Foundation
import ProcessKit
import Testing

/// One run of `gmr doctor --json`.
struct DoctorRun {
    struct Finding: Decodable {
        var check: String
        var status: String
        var finding: String
        var advice: String?
    }

    var status: Int32
    var text: String
    var findings: [Finding]

    /// Blocks the calling thread.
    @available(*, noasync)
    init(_ pid: Int32? = nil, environment: [String: String] = [:], launcher: [String] = []) throws {
        let command = launcher + [Self.tool, "doctor", "--json"] + (pid.map { ["\($0)"] } ?? [])
        let run = try ToolRun.run(
            command[0], Array(command.dropFirst()), environment: TestProgram.environment(environment))
        status = run.status
        text = run.text
        findings = (try? JSONDecoder().decode([Finding].self, from: Data(run.text.utf8))) ?? []
    }

    static var tool: String { ChildProcess.built("gmr") }

    /// False where SwiftPM built the tool without its trait.
    static let isThere = (try? ToolRun.run(tool, ["--help"]).status) == 0

    /// All of one check, of the process or of the machine: `process.signals`.
    func of(_ check: String) -> [Finding] { findings.filter { $0.check == check } }

    /// The only one of a check.
    func only(_ check: String) throws -> Finding {
        let found = of(check)
        try #require(found.count == 1, "\(check): \(text)")
        return found[0]
    }
}

/// The program `process.c`.
enum TestProgram {
    static let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Programs/process.c")

    /// No setting of whoever runs the tests is left but those that a test wants: empty counts as not set.
    static func environment(_ wanted: [String: String]) -> [String: String] {
        let names = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("GMR_") }
        return Dictionary(names.map { ($0, "") }) { first, _ in first }.merging(wanted) { $1 }
    }

    /// Compiles it as `DIRECTORY/process`.
    @available(*, noasync)
    static func compile(_ options: [String] = [], into directory: URL) throws -> String {
        let program = directory.appending(path: "process").path
        let run = try ToolRun.run(
            "cc", ["-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, source.path] + options)
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
        return program
    }

    /// Runs `body` with the program in one of its states, and what it said before `ready`.
    @available(*, noasync)
    static func with(
        _ mode: String, environment: [String: String] = [:], options: [String] = [],
        body: (ChildProcess, [String]) throws -> Void
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        let program = try compile(options, into: directory)
        let process = try ChildProcess(
            program, [mode], environment: Self.environment(environment), directory: directory)
        defer { process.kill() }
        var said: [String] = []
        while let line = try process.readLine(), line != "ready" { said.append(line) }
        try body(process, said)
    }
}
