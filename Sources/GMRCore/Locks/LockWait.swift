/// What a thread waits for.
public struct LockWait: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case mutex, rwlock, condition, semaphore, join, once, barrier, swiftMutex, dispatchQueue, dispatchSemaphore
        case dispatchGroup, loaderLock, mallocLock, fileLock, fd, process, futex, spinLock
    }

    /// What the thread wants of an rwlock.
    public enum Mode: String, Sendable { case read, write }

    /// How well the owner is known.
    public enum Certainty: String, Sendable {
        /// It stands in the lock itself.
        case certain
        /// It follows from a stack or a register, or from who else could have it.
        case likely
        case unknown
    }

    public var kind: Kind
    /// Of the lock: where the program has it, which need not be where the kernel waits.
    public var address: UInt64?
    /// The variable that the lock is, or is part of.
    public var name: String?
    /// `pthread_mutex (recursive)`
    public var description: String
    public var mode: Mode?
    /// Whether the wait ends by itself.
    public var isTimed: Bool
    /// Whether a thread of another process may end it.
    public var isProcessShared: Bool
    /// Whether the kernel has refused the lock: glibc lets the thread sleep for good, whoever unlocks it.
    public var isRefused: Bool
    /// The thread that has the lock, or that is waited for; nil where there is none, or where it is not known.
    public var owner: Int32?
    /// Its process, where that is another one.
    public var ownerProcess: Int32?
    public var ownerName: String?
    /// False where it has ended and will never unlock anything.
    public var isOwnerAlive: Bool?
    public var certainty: Certainty

    public init(
        kind: Kind, address: UInt64? = nil, name: String? = nil, description: String, mode: Mode? = nil,
        isTimed: Bool = false, isProcessShared: Bool = false, isRefused: Bool = false,
        owner: Int32? = nil, ownerProcess: Int32? = nil, ownerName: String? = nil, isOwnerAlive: Bool? = nil,
        certainty: Certainty = .unknown
    ) {
        self.kind = kind
        self.address = address
        self.name = name
        self.description = description
        self.mode = mode
        self.isTimed = isTimed
        self.isProcessShared = isProcessShared
        self.isRefused = isRefused
        self.owner = owner
        self.ownerProcess = ownerProcess
        self.ownerName = ownerName
        self.isOwnerAlive = isOwnerAlive
        self.certainty = certainty
    }
}

extension LockWait {
    /// The thread of this process that has the lock, where that is known.
    func owner(among threads: [Int32: ThreadSnapshot]) -> Int32? {
        guard let owner, ownerProcess == nil, certainty != .unknown, threads[owner] != nil else { return nil }
        return owner
    }
}
