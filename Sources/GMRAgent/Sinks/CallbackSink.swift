import GMRCore

/// Calls a closure with each report.
///
/// ```swift
/// CallbackSink(name: "the incident channel") { report in
///     try channel.post(report.rendered(as: .text))
/// }
/// ```
public struct CallbackSink: ReportSink {
    public let name: String
    private let body: @Sendable (FinishedReport) throws -> Void

    public init(name: String, _ body: @escaping @Sendable (FinishedReport) throws -> Void) {
        self.name = name
        self.body = body
    }

    public func deliver(_ report: FinishedReport) throws {
        try body(report)
    }
}
