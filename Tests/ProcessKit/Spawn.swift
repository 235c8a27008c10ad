import Foundation
import Synchronization

/// A process that did not do what a test needs of it.
public struct ProcessFailure: Error, CustomStringConvertible {
    public var description: String

    public init(description: String) {
        self.description = description
    }
}

/// Starts a program in a process group of its own with no signal blocked. Foundation's Process would hand on the mask of
/// the calling thread, and a thread of the concurrency pool blocks most signals: the zoo would never see SIGUSR2, and
/// gdb, waiting for SIGCHLD, would sometimes wait for ever.
public enum Spawn {
    /// Descriptors of the child: standard input, output and error.
    public struct Descriptors {
        var input: Int32
        var output: Int32
        var error: Int32

        public init(input: Int32, output: Int32, error: Int32) {
            self.input = input
            self.output = output
            self.error = error
        }
    }

    private static let oneAtATime = Mutex(())

    /// A pipe that no child inherits but as what it is given: an end that stayed open there would hide the pipe's end.
    public static func pipe() -> Pipe {
        oneAtATime.withLock { _ in
            let pipe = Pipe()
            for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
            return pipe
        }
    }

    /// The child's pid, which is also its process group. `environment` is added to that of this process.
    public static func start(
        _ program: String, _ arguments: [String], environment: [String: String], descriptors: Descriptors
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptors.input, 0)
        posix_spawn_file_actions_adddup2(&actions, descriptors.output, 1)
        posix_spawn_file_actions_adddup2(&actions, descriptors.error, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let argumentPointers = ([program] + arguments).map { strdup($0) } + [nil]
        let environmentPointers = merged.map { strdup("\($0)=\($1)") } + [nil]
        defer {
            for pointer in argumentPointers + environmentPointers { free(pointer) }
        }
        var child: pid_t = 0
        let error = oneAtATime.withLock { _ in
            posix_spawnp(&child, program, &actions, &attributes, argumentPointers, environmentPointers)
        }
        guard error == 0 else {
            throw ProcessFailure(description: "\(program): \(String(cString: strerror(error)))")
        }
        return child
    }
}
