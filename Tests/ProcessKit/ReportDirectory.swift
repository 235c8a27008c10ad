import Foundation

/// The log directory of one process, which gives each report in it once.
public final class ReportDirectory {
    public let url: URL
    private let serviceName: String
    private var seen: Set<String> = []

    public init(_ url: URL, serviceName: String) {
        self.url = url
        self.serviceName = serviceName
    }

    /// Waits for the name of a report that was not there before. A report is renamed into place, so that a name that is
    /// there is a complete file. Blocks the calling thread.
    @available(*, noasync)
    public func nextName(within deadline: Duration) throws -> String {
        let end = ContinuousClock.now + deadline
        while ContinuousClock.now < end {
            if let name = try newNames().first {
                seen.insert(name)
                return name
            }
            usleep(2000)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        throw ProcessFailure(description: "no report within \(deadline); the directory has \(names)")
    }

    /// The report in it, of a process that writes them as JSON. Blocks the calling thread.
    @available(*, noasync)
    public func nextDocument(within deadline: Duration) throws -> ReportDocument {
        try .decode(Data(contentsOf: url.appending(path: nextName(within: deadline))))
    }

    private func newNames() throws -> [String] {
        try names().filter { !seen.contains($0) }
    }

    /// All that are there, the oldest first.
    public func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { Self.isReport($0, serviceName: serviceName) }
            .sorted { ($0.count, $0) < ($1.count, $1) }
    }

    /// `SERVICE_gurumeditation_YYYYmmddHHMMSS`, with `_1`, `_2` where that was taken.
    public static func isReport(_ name: String, serviceName: String) -> Bool {
        name.hasPrefix(serviceName)
            && name.dropFirst(serviceName.count).wholeMatch(of: /_gurumeditation_\d{14}(_\d+)?(\.json|\.xml)?/) != nil
    }
}
