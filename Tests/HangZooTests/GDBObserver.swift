import Foundation
import ProcessKit

/// Runs gdb with gdb_walk.py. gdb walks frames and reports them through its Python API, so that nothing of its text
/// (wrapped lines, demangled names, colours) has to be parsed.
struct GDBObserver: StackObserver {
    enum DebugFiles: String {
        /// The same files that the process maps. libc6-dbg would show gdb names and inlined frames of glibc that are
        /// in no file the process has; GMR reads those only on request. Both must see the same to be compared.
        case sameAsProcess = "/nonexistent"
        /// Everything installed: what to ask about a name that GMR has and a gdb with the same files has not.
        case installed = "/usr/lib/debug"
    }

    var debugFiles = DebugFiles.sameAsProcess
    var label: String { "gdb" }

    private struct Walk: Decodable {
        struct Frame: Decodable {
            var pc: UInt64
            var name: String?
            var kind: String
            var module: String?
        }
        var tid: Int32
        var name: String?
        var stop: String?
        var frames: [Frame]
    }

    @available(*, noasync)
    func threads(of pid: Int32) throws -> [ObservedThread] {
        // gdb has no name for the program itself. Nor has /proc/PID/exe where the main thread ended.
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
        return try walk(["ZOO_PID": "\(pid)"], executable: executable)
    }

    /// The threads in a core file; the one that gdb selects is the first. gdb knows no names of theirs.
    @available(*, noasync)
    func threads(inCore core: String, of executable: String) throws -> [ObservedThread] {
        try walk(["ZOO_CORE": core, "ZOO_PROGRAM": executable], executable: executable)
    }

    /// Of the selected thread: the signal's name, si_code and si_addr.
    @available(*, noasync)
    static func signal(inCore core: String, of executable: String) throws -> String? {
        let result = try ToolRun.run(
            "gdb",
            [
                "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex",
                #"printf "siginfo %d %p\n", $_siginfo.si_code, $_siginfo._sifields._sigfault.si_addr"#, executable,
                core,
            ])
        guard let name = result.text.firstMatch(of: /Program terminated with signal (SIG[A-Z]+)/)?.1,
            let facts = result.text.firstMatch(of: /siginfo (.+)/)?.1
        else { return nil }
        return "\(name) \(facts)"
    }

    @available(*, noasync)
    private func walk(_ subject: [String: String], executable: String?) throws -> [ObservedThread] {
        let output = FileManager.default.temporaryDirectory.appending(path: "gdb-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: output) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "gdb_walk.py")
        let result = try ToolRun.run(
            "gdb", ["-batch", "-nx", "-x", script.path],
            environment: subject.merging([
                "ZOO_OUTPUT": output.path, "ZOO_DEBUG_FILES": debugFiles.rawValue,
            ]) { $1 })
        guard let data = try? Data(contentsOf: output) else {
            throw ObservationFailure(description: "gdb wrote no stacks of \(subject):\n\(result.text)")
        }
        return try JSONDecoder().decode([Walk].self, from: data).map { walk in
            ObservedThread(
                tid: walk.tid, name: walk.name,
                frames: walk.frames.map { frame in
                    ObservedFrame(
                        address: frame.pc, name: frame.name, isInlined: frame.kind == "inline",
                        isSignalFrame: frame.kind == "signal", module: frame.module ?? executable)
                })
        }
    }
}
