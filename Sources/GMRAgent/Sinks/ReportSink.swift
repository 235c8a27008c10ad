import GMRCore

/// Takes finished reports: standard error, a directory, a log, whatever a service has.
///
/// `StandardErrorSink` and `DirectorySink` are served by the helper process, however stuck the service is. All others
/// need the service's own code and are called on GMR's worker thread once the others have their report; where that
/// thread is stuck too, or no sink takes the report, it goes to standard error.
public protocol ReportSink: Sendable {
    /// In messages about it: `the log`.
    var name: String { get }
    /// Blocks GMR's worker thread, and only that. A sink that does not come back gets no more reports.
    /// - Throws: Why it cannot take the report; that costs one line on standard error.
    func deliver(_ report: FinishedReport) throws
}

/// A report with everything in it and its secrets masked, and how it was to be written.
public struct FinishedReport: Sendable {
    public let report: Report
    /// As the settings say; never empty.
    public let formats: [ReportFormat]

    /// The whole report in one format: text of many lines, UTF-8 without control characters.
    public func rendered(as format: ReportFormat) -> String { format.render(report) }

    /// All formats that the settings ask for, one after the other.
    public var rendered: String { formats.map(rendered).joined() }
}
