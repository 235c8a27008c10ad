/// Tasks, and threads, each of which waits for the next one.
public struct TaskCircle: Sendable, Equatable {
    /// `certain` where tasks await each other; `likely` where it goes over a semaphore, which somebody who is not known
    /// may signal.
    public var certainty: LockWait.Certainty
    /// The first follows the last.
    public var steps: [Step]

    /// One that waits.
    public struct Step: Sendable, Equatable {
        /// Nil: a thread that runs none.
        public var task: UInt64?
        /// Nil: no thread runs the task.
        public var thread: Int32?
        public var wait: Wait

        public init(task: UInt64? = nil, thread: Int32? = nil, wait: Wait) {
            self.task = task
            self.thread = thread
            self.wait = wait
        }
    }

    public enum Wait: Sendable, Equatable {
        /// Of a task that does not run.
        case task(TaskWait.Kind)
        /// Of a thread, and the task that it runs.
        case lock(LockWait.Kind, address: UInt64?)
    }

    public init(certainty: LockWait.Certainty, steps: [Step]) {
        self.certainty = certainty
        self.steps = steps
    }

    public var tasks: [UInt64] { steps.compactMap(\.task) }
    public var threads: [Int32] { steps.compactMap(\.thread) }
}

extension TaskCircle.Wait {
    /// As JSON has it.
    var name: String {
        switch self {
        case .task(let kind): kind.rawValue
        case .lock(let kind, _): kind.rawValue
        }
    }

    var address: UInt64? {
        if case .lock(_, let address) = self { address } else { nil }
    }
}
