import GMRCore
import Glibc

/// Where the text of a report goes, in pieces as they are made.
protocol ReportSink {
    mutating func write(_ text: String) throws(SinkError)
    /// Everything is written; only now is the report complete for others to see.
    mutating func finish() throws(SinkError)
}

/// Why a sink could not take a report.
struct SinkError: Error, CustomStringConvertible {
    var subject: String
    var errorNumber: Int32

    var description: String { "\(subject): \(String(describingErrno: errorNumber))" }
}

/// Writes text to a descriptor whose reader may have stopped reading: waits for it, but not for ever.
struct PatientWriter {
    /// Since the last byte that was taken. Less than the 2 s after which a helper that says nothing is given up.
    var patience: Duration = .milliseconds(1500)
    /// Called whenever bytes were taken: the work goes on.
    var progress: () -> Void = {}

    /// A pipe that poll() finds writable takes as much at once (PIPE_BUF), even where its writes block.
    private static let chunkByteCount = 4096

    /// - Returns: 0, ETIMEDOUT where nothing was taken for `patience`, or another errno.
    func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var rest = bytes[...]
            var lastProgress = ContinuousClock.now
            while !rest.isEmpty {
                let left = lastProgress + patience - .now
                guard left > .zero else { return ETIMEDOUT }
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&request, 1, Int32(clamping: left.nanoseconds / 1_000_000 + 1))
                if ready == 0 { continue }
                if ready < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                let chunk = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[rest.indices])
                let count = Glibc.write(descriptor, chunk.baseAddress, min(chunk.count, Self.chunkByteCount))
                if count > 0 {
                    rest = rest.dropFirst(count)
                    lastProgress = .now
                    progress()
                } else if count < 0, errno != EINTR, errno != EAGAIN {
                    return errno
                }
            }
            return 0
        }
    }
}

/// Standard error, as it is at the time of the report.
struct StandardErrorSink: ReportSink {
    var writer = PatientWriter()

    mutating func write(_ text: String) throws(SinkError) {
        let result = writer.write(text, to: STDERR_FILENO)
        if result != 0 { throw SinkError(subject: "standard error", errorNumber: result) }
    }

    mutating func finish() {}

    /// - Returns: False where nobody takes it.
    @discardableResult
    func writeLine(_ line: String) -> Bool {
        writer.write(PrintableText.escaped(line) + "\n", to: STDERR_FILENO) == 0
    }
}
