/// What a report is written as. One run may write it in several.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// For people, in the layout of oslo.reports.
    case text
    /// For programs: the contract `gmr-report/1`.
    case json
    /// The same, as the XML view of oslo.reports has it.
    case xml

    /// What a file of it ends with beside a file of another format: nothing for text.
    public var fileSuffix: String { self == .text ? "" : "." + rawValue }
}
