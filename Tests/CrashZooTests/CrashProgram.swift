import Foundation
import ProcessKit
import Testing

/// A program of the crash zoo with its truth, as `CrashZoo --list` prints it.
struct CrashProgram: Sendable, CustomTestStringConvertible {
    var name: String
    /// That the report is about.
    var signal: String
    /// What ends it: a signal, or `exit 3`.
    var end: String
    /// Either is true.
    var codes: [String]
    /// Of the crashed thread, the innermost first; others may stand between them.
    var functions: [String]
    /// A part of what the verdict says; nil where the crash has none.
    var message: String?
    var finishedBy: String
    /// Not in the log directory.
    var isOnStandardError: Bool

    var testDescription: String { name }

    static func all(executable: String = ChildProcess.built("CrashZoo")) throws -> [CrashProgram] {
        let run = try ToolRun.run(executable, ["--list"])
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
        return run.text.split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let signals = fields[1].components(separatedBy: " then ")
            return CrashProgram(
                name: fields[0], signal: signals[0], end: signals[signals.count - 1],
                codes: parts(of: fields[2], by: "|"),
                functions: parts(of: fields[3], by: "<"),
                message: fields[4] == "-" ? nil : fields[4],
                finishedBy: fields[5].filter { $0 != "!" }, isOnStandardError: fields[5].hasSuffix("!"))
        }
    }

    static func named(_ name: String) throws -> CrashProgram {
        guard let program = try all().first(where: { $0.name == name }) else {
            throw ProcessFailure(description: "there is no program \(name)")
        }
        return program
    }

    /// 128 + N where signal N ends it.
    var status: Int32 {
        if end.hasPrefix("exit ") { return Int32(end.dropFirst(5)) ?? -1 }
        return 128 + Self.number(of: end)
    }

    static func number(of signal: String) -> Int32 { numbers[signal] ?? 0 }

    private static let numbers: [String: Int32] = [
        "SIGQUIT": SIGQUIT, "SIGILL": SIGILL, "SIGTRAP": SIGTRAP, "SIGABRT": SIGABRT, "SIGBUS": SIGBUS,
        "SIGFPE": SIGFPE, "SIGSEGV": SIGSEGV, "SIGSYS": SIGSYS,
    ]

    private static func parts(of field: String, by separator: Character) -> [String] {
        field.split(separator: separator).map(String.init)
    }

    /// Runs the program to its end.
    func run(executable: String = ChildProcess.built("CrashZoo"), environment: [String: String] = [:]) throws -> Crash {
        let directory = try ChildProcess.makeDirectory()
        // Swift's own handler lets a program that raised a signal go on.
        var all = ["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json", "SWIFT_BACKTRACE": "enable=no"]
        all.merge(environment) { $1 }
        let process = try ChildProcess(
            "/bin/sh", ["-c", "ulimit -c unlimited; cd '\(directory.path)'; exec '\(executable)' \(name)"],
            environment: all, directory: directory)
        do {
            guard try process.readLine() == "ready" else {
                throw ProcessFailure(description: "\(name) is not ready: \(process.standardError)")
            }
            try process.send("\n")
            return try Crash(status: process.waitForEnd(), process: process, executable: executable)
        } catch {
            process.kill()
            throw error
        }
    }
}

/// What a program of the zoo left behind.
struct Crash {
    var status: Int32
    var process: ChildProcess
    var executable: String

    var standardError: String { process.standardError }

    /// Nil where there is none.
    func report() throws -> ReportDocument? {
        let files = ReportDirectory(process.directory, serviceName: "crashzoo")
        var data = Data(standardErrorReport.utf8)
        if let name = try files.names().last {
            data = try Data(contentsOf: process.directory.appending(path: name))
        } else if data.isEmpty {
            return nil
        }
        return try .decode(data)
    }

    /// The names of those in the log directory that a crash has triggered.
    func crashReports() throws -> [String] {
        try ReportDirectory(process.directory, serviceName: "crashzoo").names().filter { name in
            let data = try Data(contentsOf: process.directory.appending(path: name))
            return try ReportDocument.decode(data).trigger.kind == "crash"
        }
    }

    /// The raw record, where there is one.
    func record() throws -> URL? { try file(endingIn: ".gmr").map { URL(filePath: $0) } }

    /// From the brace that opens it to the end.
    private var standardErrorReport: String {
        let text = standardError
        guard let start = text.range(of: "\n{\n"), let end = text.range(of: "\n}\n", options: .backwards) else {
            return ""
        }
        return String(text[start.lowerBound..<end.upperBound])
    }

    /// What gdb finds in the core dump; nil where this machine puts core dumps elsewhere.
    func core() throws -> CoreDump? {
        let pattern = try String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
        guard !pattern.hasPrefix("|"), !pattern.contains("/") else { return nil }
        let names = try FileManager.default.contentsOfDirectory(atPath: process.directory.path)
        guard let core = names.first(where: { $0.hasPrefix("core") }) else {
            throw ProcessFailure(description: "no core dump in \(names): \(standardError)")
        }
        return try read(core: process.directory.appending(path: core).path)
    }

    /// The path of what lies beside the report; nil where it is not there.
    func file(endingIn suffix: String) throws -> String? {
        let names = try FileManager.default.contentsOfDirectory(atPath: process.directory.path)
        return names.first { $0.hasPrefix("crashzoo_gurumeditation_") && $0.hasSuffix(suffix) }
            .map { process.directory.appending(path: $0).path }
    }

    /// What gdb finds in a core file.
    func read(core: String, of executable: String? = nil) throws -> CoreDump {
        let output = process.directory.appending(path: "core.json")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "core_walk.py")
        let run = try ToolRun.run(
            "gdb",
            ["-batch", "-nx", "-x", script.path, executable ?? self.executable, core],
            environment: ["ZOO_OUTPUT": output.path], deadline: .seconds(120))
        guard let data = try? Data(contentsOf: output) else { throw ProcessFailure(description: run.text) }
        return try JSONDecoder().decode(CoreDump.self, from: data)
    }
}

/// What core_walk.py writes.
struct CoreDump: Decodable {
    var signal: Int32
    var code: Int32
    var address: UInt64?
    var crashed: Int32
    var threads: [String: [UInt64]]
}

extension ReportDocument {
    /// What `gmr render` makes of a raw record.
    init(rendering record: URL, symbols: [URL] = []) throws {
        let options = symbols.flatMap { ["--symbols", $0.path] }
        let run = try ToolRun.run(
            ChildProcess.built("gmr"), ["render", record.path, "--format", "json"] + options)
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
        self = try .decode(Data(run.text.utf8))
    }
}
