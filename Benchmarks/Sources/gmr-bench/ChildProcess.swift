import Glibc

struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// A program with its standard streams: pipes here, or /dev/null. Killed where it outlives its use.
final class ChildProcess {
    enum Stream { case pipe, null }

    let pid: pid_t
    /// Descriptors of our ends; -1 where there is no pipe.
    let input: Int32
    let output: Int32
    let error: Int32
    private var isReaped = false

    init(_ path: String, _ arguments: [String], input: Stream, output: Stream, error: Stream) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var theirs: [Int32] = []
        func connect(_ stream: Stream, to descriptor: Int32) throws -> Int32 {
            guard stream == .pipe else {
                posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
                return -1
            }
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw BenchError("no pipe: errno \(errno)") }
            // Nothing else starts processes here, so there is no race between the two calls.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let (their, our) = descriptor == STDIN_FILENO ? (ends[0], ends[1]) : (ends[1], ends[0])
            posix_spawn_file_actions_adddup2(&actions, their, descriptor)
            theirs.append(their)
            return our
        }
        self.input = try connect(input, to: STDIN_FILENO)
        self.output = try connect(output, to: STDOUT_FILENO)
        self.error = try connect(error, to: STDERR_FILENO)
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, path, &actions, nil, words, environ)
        for descriptor in theirs { close(descriptor) }
        guard result == 0 else { throw BenchError("\(path) does not start: errno \(result)") }
        self.pid = pid
    }

    /// Its wait status, or nil where it still runs at the deadline; then it is killed.
    func wait(seconds: Double) -> Int32? {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            guard monotonicNanoseconds() < end else {
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                isReaped = true
                return nil
            }
            usleep(500)
        }
        isReaped = true
        return status
    }

    deinit {
        for descriptor in [input, output, error] where descriptor >= 0 { close(descriptor) }
        if !isReaped {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
    }

    /// Appends what a descriptor has to offer; throws at the deadline and at the end.
    static func read(_ descriptor: Int32, into bytes: inout [UInt8], until end: UInt64) throws {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let now = monotonicNanoseconds()
        guard now < end, poll(&request, 1, Int32((end - now) / 1_000_000 + 1)) > 0 else {
            throw BenchError("no answer in time")
        }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { throw BenchError("the process has ended") }
        bytes += buffer[..<count]
    }
}
