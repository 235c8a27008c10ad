import Glibc

/// What one byte of standard input has the service do. It answers with a line.
struct Command {
    var letter: UInt8

    func run() {
        switch Character(UnicodeScalar(letter)) {
        case "s":
            gmr.stop()
            answer("stopped")
        case "w":
            var status: Int32 = 0
            let result = waitpid(-1, &status, WNOHANG)
            answer(result < 0 && errno == ECHILD ? "no child" : "child \(result)")
        case "f":
            let child = Self.fork()
            if child == 0 { while true { pause() } }
            answer("\(child)")
        case "e":
            let arguments = [strdup("sleep"), strdup("1000"), nil]
            execv("/bin/sleep", arguments)
        case "d":
            let isDone = setgroups(0, nil) == 0 && setgid(65534) == 0 && setuid(65534) == 0
            answer(isDone ? "given up" : String(cString: strerror(errno)))
        case "x": _exit(3)
        case "k": raise(SIGKILL)
        case "m":
            // More than any test gives it.
            while let page = malloc(1 << 20) { memset(page, 1, 1 << 20) }
        default: answer("served")
        }
    }

    private func answer(_ line: String) { writeLine(line, to: STDOUT_FILENO) }

    /// Swift does not offer it.
    private static func fork() -> pid_t {
        typealias Fork = @convention(c) () -> pid_t
        return unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
    }
}
