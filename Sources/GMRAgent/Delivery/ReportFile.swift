import GMRCore
import Glibc

/// A file of its own in a directory: `${service}_gurumeditation_${UTC yyyymmddHHMMSS}` as oslo.reports names it, `_1`,
/// `_2`… behind it where that exists. Written under a temporary name, 0600, made durable, then renamed, so that nobody
/// sees half a report and none is overwritten.
struct ReportFile: ReportStream {
    private let directory: String
    private let baseName: String
    private let suffix: String
    private let sequence: ReportSequence
    private var temporaryPath = ""
    private let writer: PatientWriter
    private var descriptor: Int32 = -1
    private(set) var finalPath: String?

    private static let temporaryNameLimit = 100

    /// - Parameters:
    ///   - suffix: Behind the name, such as `.json`.
    ///   - sequence: The first number to be tried, and then the one it has.
    init(directory: String, baseName: String, suffix: String, sequence: ReportSequence, writer: PatientWriter) {
        self.directory = directory
        self.baseName = baseName
        self.suffix = suffix
        self.sequence = sequence
        self.writer = writer
    }

    mutating func write(_ text: String) throws(DeliveryError) {
        if descriptor < 0 { try open() }
        let result = writer.write(text, to: descriptor)
        if result != 0 { throw abandon(result) }
    }

    mutating func finish() throws(DeliveryError) {
        guard fsync(descriptor) == 0 else { throw abandon(errno) }
        try takeName()
    }

    /// The whole file at once, by what writes to a descriptor and returns 0 or an errno. Not made durable: it may be
    /// large, and a disk slow.
    mutating func fill(by body: (Int32) -> Int32) throws(DeliveryError) {
        try open()
        let result = body(descriptor)
        if result != 0 { throw abandon(result) }
        try takeName()
    }

    private mutating func takeName() throws(DeliveryError) {
        var last = sequence.number
        let name = FreeName.give(to: temporaryPath, from: last) { number in
            last = number
            return "\(directory)/\(baseName)\(ReportFiles.sequenceText(number))\(suffix)"
        }
        switch name {
        case .taken(let path):
            sequence.number = last
            close(descriptor)
            descriptor = -1
            finalPath = path
        case .failed(let error): throw abandon(error)
        }
    }

    /// Under a name that no other process has, wherever it runs.
    private mutating func open() throws(DeliveryError) {
        for sequence in 0..<Self.temporaryNameLimit {
            temporaryPath = "\(directory)/.\(baseName)\(suffix)\(ReportFiles.sequenceText(sequence)).tmp"
            descriptor = Glibc.open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 { return }
            if errno != EEXIST { break }
        }
        throw DeliveryError(subject: directory, errorNumber: errno)
    }

    private mutating func abandon(_ error: Int32) -> DeliveryError {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporaryPath)
        return DeliveryError(subject: directory, errorNumber: error)
    }
}
