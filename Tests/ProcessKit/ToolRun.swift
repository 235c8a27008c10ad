import Foundation

/// A tool run to its end, its standard output and error together.
public struct ToolRun {
    /// The exit status; 128 + N where signal N ended it.
    public var status: Int32
    public var text: String

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
