import GMRCore
import Glibc

/// The number of a report's files: the first one takes it, the others follow.
final class ReportSequence {
    var number: Int

    init(_ number: Int) {
        self.number = number
    }
}

/// The files of one report in a directory, one for each format and perhaps a minicore, all with the same number.
struct ReportFiles {
    private let directory: String
    private let digits: String
    private let baseName: String
    private let isOneOfSeveral: Bool
    private let firstSequence: Int
    private let sequence: ReportSequence

    static let coreSuffix = ".core"
    /// Nobody makes so many reports in a second: such a name is somebody else's.
    private static let sequenceLimit = 1_000_000

    /// Takes the number behind those of all reports of that second: one that has become free again would make this
    /// report older than they are.
    init(directory: String, of report: Report, formats: [ReportFormat]) {
        self.directory = directory
        digits = report.generated.fileNameDigits
        let serviceName = report.process.serviceName ?? "service"
        baseName = ReportFileName.prefix(serviceName: serviceName) + digits
        isOneOfSeveral = formats.count > 1
        let digits = digits
        let last = ProcFile.names(in: directory).lazy
            .compactMap { ReportFileName($0, serviceName: serviceName) }
            .filter { $0.digits == digits && $0.suffix != ReportFileName.recordSuffix }
            .map(\.sequence).filter { $0 < Self.sequenceLimit }.max()
        firstSequence = last.map { $0 + 1 } ?? 0
        sequence = ReportSequence(firstSequence)
    }

    func file(for format: ReportFormat, writer: PatientWriter) -> ReportFile {
        file(isOneOfSeveral ? format.fileSuffix : "", writer: writer)
    }

    func coreFile(writer: PatientWriter) -> ReportFile { file(Self.coreSuffix, writer: writer) }

    private func file(_ suffix: String, writer: PatientWriter) -> ReportFile {
        ReportFile(directory: directory, baseName: baseName, suffix: suffix, sequence: sequence, writer: writer)
    }

    /// Whether a file is one of these, or younger.
    func include(_ name: ReportFileName) -> Bool { name.digits == digits && name.sequence >= firstSequence }

    /// `_2`; nothing for 0.
    static func sequenceText(_ sequence: Int) -> String { sequence == 0 ? "" : "_\(sequence)" }
}
