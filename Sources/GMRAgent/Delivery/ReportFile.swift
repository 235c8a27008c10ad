import GMRCore
import Glibc

/// A file of its own in a directory: `${service}_gurumeditation_${UTC yyyymmddHHMMSS}` as oslo.reports names it, `_1`,
/// `_2`… behind it where that exists. Written under a temporary name, 0600, made durable, then renamed, so that nobody
/// sees half a report and none is overwritten.
struct ReportFile: ReportStream {
    private let directory: String
    private let baseName: String
    private let suffix: String
    private let firstSequence: Int
    private let temporaryPath: String
    private let writer: PatientWriter
    private var descriptor: Int32 = -1
    private(set) var finalPath: String?

    /// - Parameters:
    ///   - suffix: Behind the name, such as `.json`.
    ///   - firstSequence: The first number to be tried.
    init(
        directory: String, baseName: String, suffix: String, firstSequence: Int, pid: Int32, writer: PatientWriter
    ) {
        self.directory = directory
        self.baseName = baseName
        self.suffix = suffix
        self.firstSequence = firstSequence
        self.writer = writer
        temporaryPath = "\(directory)/.\(baseName)\(suffix).\(pid).tmp"
    }

    mutating func write(_ text: String) throws(DeliveryError) {
        if descriptor < 0 {
            unlink(temporaryPath)  // left by a process of the same number that was killed
            descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw DeliveryError(subject: directory, errorNumber: errno) }
        }
        let result = writer.write(text, to: descriptor)
        if result != 0 { throw abandon(result) }
    }

    mutating func finish() throws(DeliveryError) {
        guard fsync(descriptor) == 0 else { throw abandon(errno) }
        let name = FreeName.give(to: temporaryPath, from: firstSequence) { sequence in
            "\(directory)/\(baseName)\(ReportFiles.sequenceText(sequence))\(suffix)"
        }
        switch name {
        case .taken(let path):
            close(descriptor)
            descriptor = -1
            finalPath = path
        case .failed(let error): throw abandon(error)
        }
    }

    private mutating func abandon(_ error: Int32) -> DeliveryError {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporaryPath)
        return DeliveryError(subject: directory, errorNumber: error)
    }
}
