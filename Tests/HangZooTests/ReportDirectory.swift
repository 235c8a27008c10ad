import Foundation

/// The log directory of one process, which gives each report in it once.
final class ReportDirectory {
    let url: URL
    private var seen: Set<String> = []

    init(_ url: URL) {
        self.url = url
    }

    /// Waits for a report that was not there before. A report is renamed into place, so that a name that is there is a
    /// complete file. Blocks the calling thread.
    @available(*, noasync)
    func nextReport(within deadline: Duration) throws -> GMRReport {
        let name = try nextName(within: deadline)
        return try GMRReport(Data(contentsOf: url.appending(path: name)), fileName: name)
    }

    /// The name alone of the next report, as `nextReport`.
    @available(*, noasync)
    func nextName(within deadline: Duration) throws -> String {
        let end = ContinuousClock.now + deadline
        while ContinuousClock.now < end {
            if let name = try newNames().first {
                seen.insert(name)
                return name
            }
            usleep(2000)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        throw ObservationFailure(description: "no report within \(deadline); the directory has \(names)")
    }

    private func newNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { !seen.contains($0) && Self.isReport($0) }.sorted()
    }

    /// `hangzoo_gurumeditation_YYYYmmddHHMMSS`, with `_1`, `_2` where that was taken.
    static func isReport(_ name: String) -> Bool {
        name.wholeMatch(of: /hangzoo_gurumeditation_\d{14}(_\d+)?/) != nil
    }
}
