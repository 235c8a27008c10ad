import Glibc

/// A server that SIGUSR2 belongs to, as uWSGI is one.
enum Framework: String {
    case handlerBefore = "handler-before"
    case handlerAfter = "handler-after"
    case ignored
    case blocked

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
        case .blocked:
            var mask = sigset_t()
            sigemptyset(&mask)
            sigaddset(&mask, SIGUSR2)
            pthread_sigmask(SIG_BLOCK, &mask, nil)
        }
    }
}
