import Glibc

/// A running BenchTarget: asked by lines, and for reports by SIGUSR2.
final class Target {
    let process: ChildProcess
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - threads: Blocked threads of depth 30; nil: neither threads nor agent.
    ///   - backtracer: Swift's own in the place of the agent.
    init(_ path: String, _ arguments: [String] = [], threads: Int?, backtracer: Bool = false) throws {
        setenv("SWIFT_BACKTRACE", backtracer ? Self.backtracing : "enable=no", 1)
        process = try ChildProcess(path, arguments, input: .pipe, output: .pipe, error: .pipe)
        guard let threads else { return }
        if !backtracer { try command("setup") }
        if threads > 0 { try command("blocked \(threads) 30") }
    }

    /// The numbers in the answer.
    func ask(_ line: String, seconds: Double = 30) throws -> [Double] {
        let request = Array((line + "\n").utf8)
        guard write(process.input, request, request.count) == request.count else {
            throw BenchError("the target has ended")
        }
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while !pending.contains(UInt8(ascii: "\n")) {
            try ChildProcess.read(process.output, into: &pending, until: end)
        }
        let answer = pending.prefix { $0 != UInt8(ascii: "\n") }
        pending.removeFirst(answer.count + 1)
        let numbers = String(decoding: answer, as: UTF8.self).split(separator: " ").compactMap { Double($0) }
        if numbers.contains(where: { $0 < 0 }) { throw BenchError("\(line): the target answers \(numbers)") }
        return numbers
    }

    func command(_ line: String) throws {
        _ = try ask(line)
    }

    /// With all threads, and where it is: an executable with the standard library inside does not find it.
    private static let backtracing: String = {
        let path = Backtracer.path.map { ",swift-backtrace=\($0)" } ?? ""
        return "enable=yes,preset=full,color=no,interactive=no" + path
    }()

    struct TimedCrash {
        /// From the fault to the last line that was written, and to the end of the process.
        var lastLine, end: Double
        var text: String
    }

    /// What a crash writes, and how long it takes.
    func crash() throws -> TimedCrash {
        var bytes: [UInt8] = []
        let begin = monotonicNanoseconds()
        guard write(process.input, "crash\n", 6) == 6 else { throw BenchError("the target has ended") }
        var lastLine = begin
        while (try? ChildProcess.read(process.error, into: &bytes, until: begin + 200_000_000_000)) != nil {
            lastLine = monotonicNanoseconds()
        }
        guard process.wait(seconds: 200) != nil else { throw BenchError("the target does not end") }
        return TimedCrash(
            lastLine: Double(lastLine - begin), end: Double(monotonicNanoseconds() - begin),
            text: String(decoding: bytes, as: UTF8.self))
    }

    struct TimedReport {
        var nanoseconds: Double
        var text: String
    }

    /// From the signal to the last line of Completeness, and then a moment in which the agent clears up.
    func report(seconds: Double = 20) throws -> TimedReport {
        var bytes: [UInt8] = []
        let last = Array("\nfinished by: ".utf8)
        let begin = monotonicNanoseconds()
        kill(process.pid, SIGUSR2)
        var isComplete = false
        while !isComplete {
            try ChildProcess.read(process.error, into: &bytes, until: begin + UInt64(seconds * 1e9))
            let tail = bytes.suffix(400)
            isComplete = bytes.last == UInt8(ascii: "\n") && tail.indices.contains { tail[$0...].starts(with: last) }
        }
        let end = monotonicNanoseconds()
        usleep(5000)
        return TimedReport(nanoseconds: Double(end - begin), text: String(decoding: bytes, as: UTF8.self))
    }

    func reports(_ count: Int) throws -> Sample {
        Sample(try (0..<count).map { _ in try report().nanoseconds })
    }
}
