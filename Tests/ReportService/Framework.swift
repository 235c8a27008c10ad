import Glibc

/// A server that SIGUSR2 belongs to, as uWSGI is one.
enum Framework: String {
    case handlerBefore = "handler-before"
    case handlerAfter = "handler-after"
    case ignored
    case blocked
    /// An event loop: every thread masks the signal, and its handler writes to a pipe that the loop reads.
    case selfPipe = "self-pipe"

    nonisolated(unsafe) private static var pipeEnds: (reading: Int32, writing: Int32) = (-1, -1)

    /// Whether it comes after GMR was set up.
    var isLate: Bool { self == .handlerAfter }

    /// Takes SIGUSR2. Its handler says so on standard output.
    func take() {
        switch self {
        case .handlerBefore, .handlerAfter:
            signal(SIGUSR2) { _ in
                _ = write(STDOUT_FILENO, "framework\n", 10)
            }
        case .ignored: signal(SIGUSR2, SIG_IGN)
        case .blocked: Self.block()
        case .selfPipe:
            Self.block()
            var ends: [Int32] = [-1, -1]
            pipe(&ends)
            Self.pipeEnds = (ends[0], ends[1])
            signal(SIGUSR2) { _ in
                _ = write(Framework.pipeEnds.writing, "framework\n", 10)
            }
            var loop = pthread_t()
            pthread_create(
                &loop, nil,
                { _ in
                    var line = [UInt8](repeating: 0, count: 10)
                    while read(Framework.pipeEnds.reading, &line, 10) == 10 { _ = write(STDOUT_FILENO, line, 10) }
                    return nil
                }, nil)
        }
    }

    private static func block() {
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGUSR2)
        pthread_sigmask(SIG_BLOCK, &mask, nil)
    }
}
