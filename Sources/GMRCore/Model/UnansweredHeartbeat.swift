/// What made the watchdog ask for a report.
public struct UnansweredHeartbeat: Sendable, Equatable {
    /// What did not answer: `main actor`, `tasks of medium priority`, or as the program has named it.
    public var target: String
    /// For how long, without the time in which the machine kept the process from running.
    public var silentNanoseconds: UInt64

    public init(target: String, silentNanoseconds: UInt64) {
        self.target = target
        self.silentNanoseconds = silentNanoseconds
    }

    /// `no answer from main actor for 10.2 s`
    public var words: String { "no answer from \(target) for \(Self.inWords(silentNanoseconds))" }

    /// `10.2 s`
    public static func inWords(_ nanoseconds: UInt64) -> String {
        let tenths = nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

extension Verdict {
    /// Says who asked; first of all where nothing else is known to be wrong.
    public mutating func add(_ heartbeat: UnansweredHeartbeat) {
        let sentence = "The watchdog asked for this report: \(heartbeat.words)."
        summary = kind == .none ? "\(sentence) \(summary)" : "\(summary) \(sentence)"
    }
}
