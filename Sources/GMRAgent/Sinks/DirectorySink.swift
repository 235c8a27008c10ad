import GMRCore

/// A directory in which each report becomes a file `SERVICE_gurumeditation_YYYYmmddHHMMSS`, 0600, complete as soon as it
/// has that name. The same as `logDirectory`; where a report cannot be written it goes to standard error.
public struct DirectorySink: ReportSink {
    public var name: String { directory }
    let directory: String

    /// - Parameter directory: Made at set-up where it is missing.
    public init(_ directory: String) {
        self.directory = directory
    }

    public func deliver(_ report: FinishedReport) throws {
        let files = ReportFiles(directory: directory, of: report.report, formats: report.formats)
        for format in report.formats {
            var file = files.file(for: format, writer: PatientWriter())
            try file.write(report.rendered(as: format))
            try file.finish()
        }
    }
}
