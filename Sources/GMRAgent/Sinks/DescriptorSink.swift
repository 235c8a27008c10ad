import GMRCore
import Glibc

/// Standard error, as it is at the time of each report: where reports go unless something else is said.
public struct StandardErrorSink: ReportSink {
    public var name: String { "standard error" }

    public init() {}

    public func deliver(_ report: FinishedReport) throws {
        try DescriptorSink(STDERR_FILENO, name: name).deliver(report)
    }
}

/// An open descriptor of the service: a pipe, a socket, a file. It stays the caller's, who closes it.
public struct DescriptorSink: ReportSink {
    public let name: String
    private let descriptor: Int32

    /// - Parameters:
    ///   - descriptor: Open for writing, blocking or not. A reader who takes nothing for 1.5 s is given up.
    ///   - name: In messages about it; nil: `descriptor 7`.
    public init(_ descriptor: Int32, name: String? = nil) {
        self.descriptor = descriptor
        self.name = name ?? "descriptor \(descriptor)"
    }

    public func deliver(_ report: FinishedReport) throws {
        var stream = DescriptorStream(descriptor: descriptor, subject: name)
        try stream.write(report.rendered)
    }
}
