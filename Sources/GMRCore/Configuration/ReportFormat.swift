/// What a report is written as.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// For people, in the layout of oslo.reports.
    case text
    /// For programs: the contract `gmr-report/1`.
    case json
    /// One after the other, the text first.
    case both
}
