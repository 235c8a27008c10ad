/// What is wrong, in a paragraph.
public struct Verdict: Sendable, Equatable {
    public enum Kind: String, Sendable { case deadlock, poolStarved, mainActorBlocked, lockConvoy, crash, none }

    public var kind: Kind
    /// For a person at night.
    public var summary: String
    /// The threads it is about.
    public var threads: [Int32]
    /// The Swift tasks it is about.
    public var tasks: [UInt64]

    public init(
        kind: Kind = .none, summary: String = "No deadlock found: no thread waits for one that waits for it in turn.",
        threads: [Int32] = [], tasks: [UInt64] = []
    ) {
        self.kind = kind
        self.summary = summary
        self.threads = threads
        self.tasks = tasks
    }
}
