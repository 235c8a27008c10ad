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

/// Writes all of `text` to a descriptor. Blocks while the reader does.
func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
        var done = 0
        while done < bytes.count {
            let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count > 0 {
                done += count
            } else if count < 0, errno == EAGAIN {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&request, 1, 1000)
            } else if count < 0, errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// Standard error, as it is at the time of the report.
struct StandardErrorSink: ReportSink {
    mutating func write(_ text: String) throws(SinkError) {
        let result = writeAll(text, to: STDERR_FILENO)
        if result != 0 { throw SinkError(subject: "standard error", errorNumber: result) }
    }

    mutating func finish() {}

    func writeLine(_ line: String) {
        _ = writeAll(PrintableText.escaped(line) + "\n", to: STDERR_FILENO)
    }
}
