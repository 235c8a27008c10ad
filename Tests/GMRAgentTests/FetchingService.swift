import Foundation
import ProcessKit

/// A service that hangs and has no debug information: the zoo, stripped. With it come a debuginfod cache, a
/// `debuginfod-find` that the test writes, and the debug information it could fetch. `close()` ends and removes all.
final class FetchingService {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let directory: String
    /// As `debuginfod-find` is asked for it.
    private(set) var buildID = ""
    private var process: Process?
    private var errors = Pipe()
    private var pending = Data()

    var pid: Int32 { process?.processIdentifier ?? 0 }

    /// - Parameter fetcher: What `debuginfod-find` does, in sh, in the directory; "$2" is a build ID. Nil: there is none.
    init(fetcher: String?) throws {
        var template = Array((NSTemporaryDirectory() + "gmr-fetch-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp: errno \(errno)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Where SwiftPM built the tests it built the zoo too.
        let zoo = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "HangZoo").path
        try run("mkdir bin cache reports && cp '\(zoo)' full && strip -o zoo full")
        try run("objcopy --only-keep-debug full zoo.debug && ln -s $(command -v timeout) bin/")
        let notes = try run("readelf -n full")
        buildID = String((notes.components(separatedBy: "Build ID: ").dropFirst().first ?? "").prefix { $0.isHexDigit })
        if let fetcher {
            let script = "#!/bin/sh\nPATH=/usr/bin:/bin\ncd '\(directory)' || exit\n\(fetcher)\n"
            // By another process: what a child of this one has open for writing cannot be executed.
            try run("cat >bin/debuginfod-find <<'END_OF_SCRIPT'\n\(script)END_OF_SCRIPT\nchmod +x bin/debuginfod-find")
        }
    }

    /// Starts it and waits until it hangs. Blocks.
    /// - Parameters:
    ///   - environment: Beside a path with the fetcher, and a cache.
    ///   - launcher: A program and arguments that execute what follows them.
    func start(environment: [String: String], launcher: [String] = []) throws {
        let arguments = launcher + [directory + "/zoo", "mutex"]
        let process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = [
            "PATH": directory + "/bin", "HOME": directory, "DEBUGINFOD_CACHE_PATH": directory + "/cache",
            "GMR_LOG_DIR": directory + "/reports", "GMR_DEBUG_DIR": "/nonexistent", "ZOO_READY_FD": "1",
        ].merging(ChildProcess.patience) { $1 }.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        // Or at its end, where it failed.
        guard output.fileHandleForReading.availableData.first == UInt8(ascii: "R") else {
            throw Failure(description: "the zoo does not start: \(try errorLine(containing: "") ?? "")")
        }
    }

    /// Asks for a report by signal and returns its text. Blocks.
    func report() throws -> String {
        kill(pid, SIGUSR2)
        let end = "report written to "
        guard let line = try errorLine(containing: end), let range = line.range(of: end) else {
            throw Failure(description: "no report")
        }
        return try String(contentsOfFile: String(line[range.upperBound...]), encoding: .utf8)
    }

    /// Leaves no room in the pipe that is its standard error; nobody reads it. Before `start`.
    func stallErrors(isNonblocking: Bool) {
        let descriptor = errors.fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let page = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        if !isNonblocking { _ = fcntl(descriptor, F_SETFL, 0) }
    }

    /// Nobody can read its standard error any more.
    func closeErrors() throws {
        try errors.fileHandleForReading.close()
    }

    /// Asks for a report and waits until there are `count` of them; their texts, the oldest first. Blocks.
    func reports(count: Int) throws -> [String] {
        kill(pid, SIGUSR2)
        let folder = directory + "/reports"
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
            if names.count >= count {
                // A name of the same second is longer by its number.
                return try names.sorted { ($0.prefix(40), $0) < ($1.prefix(40), $1) }.map {
                    try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
                }
            }
            usleep(5_000)
        }
        throw Failure(description: "there are not \(count) reports")
    }

    /// Kills the service alone; true where nobody else has its standard error open.
    func endsAlone() throws -> Bool {
        kill(pid, SIGKILL)
        process?.waitUntilExit()
        // Read up to the end, which does not come while somebody has it open.
        return try errorLine(containing: "\0") == nil
    }

    /// Kills the service and, where `fetcher` names the process, all of its session.
    func close(fetcher: Int32? = nil) {
        if let fetcher, case let session = getsid(fetcher), session > 1, session != getsid(0) {
            kill(-session, SIGKILL)
        }
        if let process, process.isRunning {
            kill(pid, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The text of a file in the directory once it is there, written whole under another name. Blocks.
    func file(_ name: String) throws -> String {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if let text = try? String(contentsOfFile: directory + "/" + name, encoding: .utf8) { return text }
            usleep(5_000)
        }
        throw Failure(description: "\(name) never came")
    }

    /// Runs a shell line in the directory and returns its output.
    @discardableResult
    func run(_ line: String) throws -> String {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", line]
        shell.currentDirectoryURL = URL(filePath: directory)
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        guard shell.terminationStatus == 0 else { throw Failure(description: "\(line) fails") }
        return text
    }

    /// The next line of standard error with that text; nil at its end. Throws after a time that no fetcher is given.
    private func errorLine(containing text: String) throws -> String? {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending = Data(pending[(newline + 1)...])
                if line.contains(text) { return line }
            }
            let left = Int32((end - .now) / .milliseconds(1))
            var event = pollfd(fd: errors.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0 else { throw Failure(description: "standard error stays silent") }
            // Another test's profiler may interrupt it.
            guard poll(&event, 1, left) > 0 else { continue }
            let data = errors.fileHandleForReading.availableData
            if data.isEmpty { return nil }
            pending += data
        }
    }
}
