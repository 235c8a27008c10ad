import GMRCore

/// How one report went: for metrics and logs, cheap to have.
public struct ReportSummary: Sendable, Equatable {
    public var trigger: Trigger
    /// When the capture began.
    public var generated: Timestamp
    /// Threads of the service in the report.
    public var threadCount: Int
    /// What each stage took; rendering is nil where nothing but `report()` asked for it.
    public var stages: Completeness.Stages
    /// Whether somebody took it. Nil where nothing but `report()` asked for it.
    public var isDelivered: Bool?
}
