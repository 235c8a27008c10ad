/// Who waits for whom: what follows from the waits of all threads together.
public struct Locks: Sendable, Equatable {
    /// One thread that waits for another.
    public struct Edge: Sendable, Equatable {
        public var waiter: Int32
        public var owner: Int32
        public var kind: LockWait.Kind
        public var address: UInt64?
        /// The owner's function that most likely took the lock; nil where it is not known.
        public var takenIn: String?

        public init(
            waiter: Int32, owner: Int32, kind: LockWait.Kind, address: UInt64? = nil, takenIn: String? = nil
        ) {
            self.waiter = waiter
            self.owner = owner
            self.kind = kind
            self.address = address
            self.takenIn = takenIn
        }
    }

    /// Threads that wait for each other in a circle.
    public struct Deadlock: Sendable, Equatable {
        /// `certain` or `likely`.
        public var certainty: LockWait.Certainty
        /// One of the waits has a time limit, so the circle may open by itself.
        public var isTimed: Bool
        /// From each member to the next one, the smallest thread number first.
        public var edges: [Edge]

        public init(certainty: LockWait.Certainty, isTimed: Bool, edges: [Edge]) {
            self.certainty = certainty
            self.isTimed = isTimed
            self.edges = edges
        }

        public var threads: [Int32] { edges.map(\.waiter) }
    }

    /// Threads that wait for the same lock.
    public struct Queue: Sendable, Equatable {
        public var kind: LockWait.Kind
        public var address: UInt64?
        /// Nil where the lock does not say.
        public var owner: Int32?
        /// By thread number.
        public var waiters: [Int32]

        public init(kind: LockWait.Kind, address: UInt64?, owner: Int32?, waiters: [Int32]) {
            self.kind = kind
            self.address = address
            self.owner = owner
            self.waiters = waiters
        }
    }

    /// Of threads.
    public var deadlocks: [Deadlock]
    /// Deadlocks of tasks, or of tasks and threads.
    public var taskCircles: [TaskCircle] = []
    /// The longest first.
    public var queues: [Queue]

    /// Every thread slept at both looks in a wait that only another thread of the process, or a signal, could end.
    public var isAsleepForEver: Bool

    public init(deadlocks: [Deadlock] = [], queues: [Queue] = [], isAsleepForEver: Bool = false) {
        self.deadlocks = deadlocks
        self.queues = queues
        self.isAsleepForEver = isAsleepForEver
    }
}
