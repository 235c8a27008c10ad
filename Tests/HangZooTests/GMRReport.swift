import Foundation
import ProcessKit

/// What the tests read of a JSON report; the contract `gmr-report/1`.
struct GMRReport {
    struct Thread {
        var observed: ObservedThread
        var capture: String
        var captureProblem: String?
        var state: String?
        var stop: String?
    }

    var fileName: String
    var threads: [Thread]
    var threadsFound: Int
    var threadsCaptured: Int
    var gaps: [String]
    var finishedBy: String?
    /// `signal`, `file`, `api`.
    var triggerKind: String?
    /// Triggers beyond the first that this report answers.
    var coalescedCount: Int
    var sectionTitles: [String]
    /// Of each section, by its title.
    var sectionData: [String: Any]
    /// Of the sections that are missing.
    var sectionErrors: [String]

    init(_ data: Data, fileName: String) throws {
        self.fileName = fileName
        guard let report = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            report["schema"] as? String == "gmr-report/1",
            let threads = report["threads"] as? [[String: Any]],
            let completeness = report["completeness"] as? [String: Any]
        else { throw ObservationFailure(description: "\(fileName) is not a gmr-report/1") }
        self.threads = try threads.map(Self.thread)
        threadsFound = completeness["threadsFound"] as? Int ?? -1
        threadsCaptured = completeness["threadsCaptured"] as? Int ?? -1
        gaps = completeness["gaps"] as? [String] ?? []
        let trigger = report["trigger"] as? [String: Any]
        triggerKind = trigger?["kind"] as? String
        coalescedCount = trigger?["coalesced"] as? Int ?? 0
        finishedBy = completeness["finishedBy"] as? String
        let sections = report["sections"] as? [[String: Any]] ?? []
        sectionTitles = sections.compactMap { $0["title"] as? String }
        sectionData = Dictionary(
            sections.compactMap { section in
                (section["title"] as? String).flatMap { title in section["data"].map { (title, $0) } }
            }, uniquingKeysWith: { first, _ in first })
        sectionErrors = sections.compactMap { $0["error"] as? String }
    }

    func thread(_ tid: Int32) -> Thread? {
        threads.first { $0.observed.tid == tid }
    }

    func threads(named name: String) -> [Thread] {
        threads.filter { $0.observed.name == name }
    }

    private static func thread(_ json: [String: Any]) throws -> Thread {
        guard let tid = json["tid"] as? Int, let capture = json["capture"] as? String else {
            throw ObservationFailure(description: "a thread without tid or capture: \(json)")
        }
        let frames = try (json["frames"] as? [[String: Any]] ?? []).filter { $0["async"] as? Bool != true }.map(frame)
        return Thread(
            observed: ObservedThread(tid: Int32(tid), name: json["name"] as? String, frames: frames),
            capture: capture, captureProblem: json["captureProblem"] as? String,
            state: json["state"] as? String, stop: json["stop"] as? String)
    }

    private static func frame(_ json: [String: Any]) throws -> ObservedFrame {
        guard let text = json["address"] as? String, text.hasPrefix("0x"),
            let address = UInt64(text.dropFirst(2), radix: 16)
        else { throw ObservationFailure(description: "a frame without address: \(json)") }
        return ObservedFrame(
            address: address, name: json["mangled"] as? String ?? json["function"] as? String,
            isInlined: json["inlined"] as? Bool ?? false)
    }
}

extension ReportDirectory {
    /// Waits for a report that was not there before. Blocks the calling thread.
    @available(*, noasync)
    func nextReport(within deadline: Duration) throws -> GMRReport {
        let name = try nextName(within: deadline)
        return try GMRReport(Data(contentsOf: url.appending(path: name)), fileName: name)
    }
}
