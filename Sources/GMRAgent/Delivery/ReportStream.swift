import GMRCore
import Glibc

/// Where the text of a report goes, in pieces as they are made.
protocol ReportStream {
    mutating func write(_ text: String) throws(DeliveryError)
    /// Everything is written; only now is the report complete for others to see.
    mutating func finish() throws(DeliveryError)
}

/// Why a report could not be delivered somewhere.
struct DeliveryError: Error, CustomStringConvertible {
    /// The directory or stream.
    var subject: String
    var errorNumber: Int32

    var description: String { "\(subject): \(String(describingErrno: errorNumber))" }
}

/// An open descriptor, such as standard error as it is at the time of the report.
struct DescriptorStream: ReportStream {
    var descriptor: Int32 = STDERR_FILENO
    var subject = "standard error"
    var writer = PatientWriter()

    mutating func write(_ text: String) throws(DeliveryError) {
        let result = writer.write(text, to: descriptor)
        if result != 0 { throw DeliveryError(subject: subject, errorNumber: result) }
    }

    mutating func finish() {}

    /// - Returns: False where nobody takes it.
    @discardableResult
    func writeLine(_ line: String) -> Bool {
        writer.write(PrintableText.escaped(line) + "\n", to: descriptor) == 0
    }
}
