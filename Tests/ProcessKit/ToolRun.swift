import Foundation

/// A tool run to its end, its standard output and error together.
public struct ToolRun {
    /// The exit status; 128 + N where signal N ended it.
    public var status: Int32
    public var text: String

    /// Copies an executable. Made by this process, which starts others at the same time, the copy could not be executed
    /// while one of those has it open for writing.
    @available(*, noasync)
    public static func copy(_ path: String, to copy: URL) throws {
        let run = try run("/bin/cp", [path, copy.path])
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
    }

    /// Blocks the calling thread. Kills the tool after `deadline`.
    @available(*, noasync)
    public static func run(
        _ tool: String, _ arguments: [String], environment: [String: String] = [:], deadline: Duration = .seconds(60)
    ) throws -> ToolRun {
        let pipe = Spawn.pipe()
        let null = FileHandle.nullDevice
        let pid = try Spawn.start(
            tool, arguments, environment: environment,
            descriptors: Spawn.Descriptors(
                input: null.fileDescriptor, output: pipe.fileHandleForWriting.fileDescriptor,
                error: pipe.fileHandleForWriting.fileDescriptor))
        try pipe.fileHandleForWriting.close()
        let watchdog = DispatchWorkItem { kill(-pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .seconds(Int(deadline.components.seconds)), execute: watchdog)
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        watchdog.cancel()
        return ToolRun(
            status: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f),
            text: String(decoding: data, as: UTF8.self))
    }
}
