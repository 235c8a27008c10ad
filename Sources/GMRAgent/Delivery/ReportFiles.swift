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

    /// Looks for a number that no report in these formats has yet.
    init(directory: String, of report: Report, formats: [ReportFormat], withCore: Bool = false) {
        self.directory = directory
        digits = report.generated.fileNameDigits
        baseName = ReportFileName.prefix(serviceName: report.process.serviceName ?? "service") + digits
        isOneOfSeveral = formats.count > 1
        let path = directory + "/" + baseName
        let suffixes = (formats.count > 1 ? formats.map(\.fileSuffix) : [""]) + (withCore ? [Self.coreSuffix] : [])
        firstSequence =
            (0..<1_000).first { sequence in
                suffixes.allSatisfy { access(path + Self.sequenceText(sequence) + $0, F_OK) != 0 }
            } ?? 0
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
