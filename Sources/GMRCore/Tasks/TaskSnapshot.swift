/// One Swift task at the moment of the capture.
public struct TaskSnapshot: Sendable, Equatable {
    /// `enqueued`: it could run, but waits for an executor.
    public enum State: String, Sendable { case running, enqueued, suspended }

    public enum Kind: String, Sendable { case task, child, groupChild, asyncLet, main }

    /// The runtime's own number.
    public var id: UInt64
    public var name: String?
    public var state: State
    public var kind: Kind
    /// `high`, `medium`, `low`, `background`, `userInteractive`, or a number; escalation included.
    public var priority: String
    public var isCancelled: Bool
    /// It has not begun: its only frame is the function that it will call.
    public var isNew: Bool
    /// The task that it is a child of; nil where it is of none, or where that was not found.
    public var parent: UInt64?
    /// By number.
    public var children: [UInt64]
    /// The thread that runs it; nil where it does not run, or where that is not known.
    public var thread: Int32?
    /// Nil where it runs, or where that is not known.
    public var waitsFor: TaskWait?
    /// Where it will go on, then its callers; of a task that runs, what its thread has called, then the functions that
    /// await the outermost of it, or none where the thread has moved meanwhile.
    public var frames: [Frame]
    /// It has more callers than a report keeps.
    public var areFramesCut: Bool
    /// Values of the task-local variables that the service has registered, where they are bound.
    public var locals: [Local]
    /// Since it was made; nil where that was not noted.
    public var ageNanoseconds: UInt64?
    /// Since the first report from which on each has found it at this place, waiting for the same; nil where this is the
    /// first one, or it runs. It may have gone on and come back meanwhile.
    public var unchangedNanoseconds: UInt64?
    /// The line that made it; nil where that was not noted.
    public var origin: Frame?

    /// A task-local value, such as the number of a request.
    public struct Local: Sendable, Equatable {
        /// In bytes; more are cut.
        static let longestValue = 128

        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        id: UInt64, name: String? = nil, state: State, kind: Kind = .task, priority: String = "medium",
        isCancelled: Bool = false, isNew: Bool = false, parent: UInt64? = nil, children: [UInt64] = [],
        thread: Int32? = nil, waitsFor: TaskWait? = nil, frames: [Frame] = [],
        areFramesCut: Bool = false, locals: [Local] = [], ageNanoseconds: UInt64? = nil,
        unchangedNanoseconds: UInt64? = nil, origin: Frame? = nil
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.kind = kind
        self.priority = priority
        self.isCancelled = isCancelled
        self.isNew = isNew
        self.parent = parent
        self.children = children
        self.thread = thread
        self.waitsFor = waitsFor
        self.frames = frames
        self.areFramesCut = areFramesCut
        self.locals = locals
        self.ageNanoseconds = ageNanoseconds
        self.unchangedNanoseconds = unchangedNanoseconds
        self.origin = origin
    }
}

extension [TaskSnapshot] {
    /// Each by its number; of several with the same one, the first.
    var byID: [UInt64: TaskSnapshot] { Dictionary(map { ($0.id, $0) }) { first, _ in first } }

    /// The numbers of those that run, as far as their threads are known.
    package var idsByThread: [Int32: UInt64] {
        Dictionary(compactMap { task in task.thread.map { ($0, task.id) } }) { first, _ in first }
    }
}

/// What a task waits for.
public struct TaskWait: Sendable, Equatable {
    public enum Kind: String, Sendable { case task, continuation, group, actor, executor, sleep }

    public var kind: Kind
    /// The task that it waits for.
    public var task: UInt64?
    /// `Bank.Account`; of an executor that is none's own, its type, `preferredExecutor`, or nil: the global one.
    public var actorType: String?
    /// The task that is on that actor.
    public var heldByTask: UInt64?
    /// The thread that runs that one.
    public var heldByThread: Int32?
    /// Where no task is on the main actor: the thread that alone may run what is.
    public var onlyThread: Int32?
    /// Of a group: how many children it had at the end, when all tasks had been read; 0: unknown.
    public var childCount: Int
    /// The runtime itself says so.
    public var isHolderCertain: Bool

    public init(
        kind: Kind, task: UInt64? = nil, actorType: String? = nil, heldByTask: UInt64? = nil,
        heldByThread: Int32? = nil, onlyThread: Int32? = nil, childCount: Int = 0, isHolderCertain: Bool = false
    ) {
        self.kind = kind
        self.task = task
        self.actorType = actorType
        self.heldByTask = heldByTask
        self.heldByThread = heldByThread
        self.onlyThread = onlyThread
        self.childCount = childCount
        self.isHolderCertain = isHolderCertain
    }

    /// `waiting for task 8`
    public var description: String {
        switch kind {
        case .task: return "waiting for \(task.map { "task \($0)" } ?? "a task")"
        case .continuation: return "waiting for a continuation to be resumed"
        case .group: return "waiting for the tasks of a group"
        case .sleep: return "asleep"
        case .executor where actorType == nil || actorType == Self.preferredExecutor:
            return "waiting for a thread of the \(actorType ?? "global executor")"
        case .executor, .actor:
            var text = "waiting for the \(kind.rawValue) \(actorType ?? "")"
            if let heldByTask {
                text += ", on which task \(heldByTask) \(isHolderCertain ? "is" : "seems to be")"
            } else if let onlyThread {
                text += ", which only thread \(onlyThread) may run"
            }
            return text
        }
    }
}
