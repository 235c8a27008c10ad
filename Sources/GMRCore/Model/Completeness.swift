/// How much of what there was to see the report shows, and what is missing for which reason.
public struct Completeness: Sendable, Equatable {
    /// Nanoseconds that each stage took; nil for a stage that was not run.
    public struct Stages: Sendable, Equatable {
        public var captureNanoseconds: UInt64?
        public var unwindNanoseconds: UInt64?
        public var symbolizeNanoseconds: UInt64?
        /// Finding and reading Swift tasks.
        public var tasksNanoseconds: UInt64?
        /// With the second look, where there was one.
        public var locksNanoseconds: UInt64?
        public var renderNanoseconds: UInt64?

        public init(
            captureNanoseconds: UInt64? = nil, unwindNanoseconds: UInt64? = nil,
            symbolizeNanoseconds: UInt64? = nil, tasksNanoseconds: UInt64? = nil, locksNanoseconds: UInt64? = nil,
            renderNanoseconds: UInt64? = nil
        ) {
            self.captureNanoseconds = captureNanoseconds
            self.unwindNanoseconds = unwindNanoseconds
            self.symbolizeNanoseconds = symbolizeNanoseconds
            self.tasksNanoseconds = tasksNanoseconds
            self.locksNanoseconds = locksNanoseconds
            self.renderNanoseconds = renderNanoseconds
        }
    }

    /// Threads of the service seen in the process, GMR's own not counted.
    public var threadsFound: Int
    /// Threads whose registers and stack were read.
    public var threadsCaptured: Int
    /// Swift tasks that have not completed.
    public var tasksFound: Int
    public var frames: Int
    /// Frames with a function name.
    public var framesSymbolized: Int
    /// One line for each thing that is missing, with its reason.
    public var gaps: [String]
    public var stages: Stages
    /// Where symbols, analysis and rendering were done: `helper process`, with the path of its program where that is
    /// another one, or `worker thread`.
    public var finishedBy: String?

    public init(
        threadsFound: Int = 0, threadsCaptured: Int = 0, tasksFound: Int = 0, frames: Int = 0,
        framesSymbolized: Int = 0,
        gaps: [String] = [], stages: Stages = Stages(), finishedBy: String? = nil
    ) {
        self.threadsFound = threadsFound
        self.threadsCaptured = threadsCaptured
        self.tasksFound = tasksFound
        self.frames = frames
        self.framesSymbolized = framesSymbolized
        self.gaps = gaps
        self.stages = stages
        self.finishedBy = finishedBy
    }
}
