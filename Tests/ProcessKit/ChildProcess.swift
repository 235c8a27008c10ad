import Foundation
import ZooKit

/// A program that was started in a process group of its own, with a temporary directory. `kill()` ends it with everything
/// it started, and removes the directory.
public final class ChildProcess {
    /// Where its standard error goes.
    public enum Errors {
        /// Into a file, which `standardError` reads.
        case file
        /// To a descriptor of this process, which stays open here.
        case descriptor(Int32)
    }

    public let pid: Int32
    /// Writable by everybody: some programs give up being root.
    public let directory: URL
    private let input: FileHandle
    private let output: FileHandle
    private let errors: URL
    private var pending = Data()
    private var isTaken = false

    /// Where a disk or the whole machine stands still for seconds, nobody answers and nothing is found, and nobody is
    /// hung for that.
    public static let patience = [
        "GMR_CAPTURE_DEADLINE_MS": "5000", "GMR_TASK_SEARCH_MS": "5000", "GMR_HELPER_SILENCE_MS": "10000",
        "GMR_CRASH_PATIENCE_MS": "45000",
    ]

    /// A program that SwiftPM built beside the tests.
    public static func built(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: name).path
    }

    /// A new directory for `init`.
    public static func makeDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(path: "gmr-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        chmod(directory.path, 0o777)
        return directory
    }

    /// - Parameters:
    ///   - directory: Removed by `kill()`.
    ///   - environment: Beside that of this process.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], directory: URL,
        errors: Errors = .file
    ) throws {
        self.directory = directory
        self.errors = directory.appending(path: "stderr")
        let toChild = Spawn.pipe()
        let fromChild = Spawn.pipe()
        try Data().write(to: self.errors)
        let file = try FileHandle(forWritingTo: self.errors)
        let errorDescriptor =
            switch errors {
            case .file: file.fileDescriptor
            case .descriptor(let descriptor): descriptor
            }
        pid = try Spawn.start(
            program, arguments, environment: Self.patience.merging(environment) { $1 },
            descriptors: Spawn.Descriptors(
                input: toChild.fileHandleForReading.fileDescriptor,
                output: fromChild.fileHandleForWriting.fileDescriptor, error: errorDescriptor))
        try toChild.fileHandleForReading.close()
        try fromChild.fileHandleForWriting.close()
        input = toChild.fileHandleForWriting
        output = fromChild.fileHandleForReading
    }

    /// What it wrote to standard error so far, where that is a file.
    public var standardError: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Waits until standard error has `text`. Blocks the calling thread.
    @available(*, noasync)
    public func waitForStandardError(_ text: String, within deadline: Duration = .seconds(20)) throws {
        let end = ContinuousClock.now + deadline
        while !standardError.contains(text) {
            guard ContinuousClock.now < end else {
                throw ProcessFailure(description: "no \"\(text)\" on standard error: \(standardError)")
            }
            usleep(2000)
        }
    }

    /// Writes to its standard input.
    public func send(_ text: String) throws {
        try input.write(contentsOf: Data(text.utf8))
    }

    /// Ends its standard input.
    public func closeInput() throws {
        try input.close()
    }

    /// The next line of standard output; nil at its end, or when the deadline has passed. Blocks the calling thread.
    @available(*, noasync)
    public func readLine(within deadline: Duration = .seconds(30)) throws -> String? {
        let end = ContinuousClock.now + deadline
        while true {
            if let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending = Data(pending[(newline + 1)...])
                return line
            }
            let left = (end - .now) / .milliseconds(1)
            var event = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0 else { return nil }
            let ready = poll(&event, 1, Int32(left) + 1)
            // Other tests let a profiler's timer run in this process.
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let data = output.availableData
            guard !data.isEmpty else { return nil }
            pending += data
        }
    }

    /// A thread that says "ready" runs when it does, and others may be on their way. Waits until all sleep where they
    /// stay, but those named `hot-…`. Blocks the calling thread.
    @available(*, noasync)
    public func waitUntilAllSleep() throws {
        let tasks = open("/proc/\(pid)/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(tasks) }
        do {
            try ThreadPlaces.waitForRest(in: tasks)
        } catch {
            kill()
            throw error
        }
    }

    /// Its exit status, 128 + N where signal N ended it. Blocks the calling thread; kills it after the deadline.
    @available(*, noasync)
    public func waitForEnd(within deadline: Duration = .seconds(120)) throws -> Int32 {
        let end = ContinuousClock.now + deadline
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                kill()
                throw ProcessFailure(description: "process \(pid) did not end: \(standardError)")
            }
            usleep(2000)
        }
        isTaken = true
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// Kills the process group, takes its exit status and removes its directory.
    public func kill() {
        Foundation.kill(-pid, SIGKILL)
        var status: Int32 = 0
        if !isTaken { waitpid(pid, &status, 0) }
        isTaken = true
        try? FileManager.default.removeItem(at: directory)
    }
}
