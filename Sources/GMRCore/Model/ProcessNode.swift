/// One process of the Processes section, with its children.
public struct ProcessNode: Sendable, Equatable {
    public var pid: Int32
    public var parentPID: Int32?
    public var user: String?
    public var uid: UInt32?
    /// `running`, `sleeping`, `uninterruptible`, `stopped`, `zombie`.
    public var state: String?
    /// The command line, arguments separated by spaces.
    public var command: String?
    public var started: Timestamp?
    /// Physical memory in use, shared pages included.
    public var residentBytes: UInt64?
    /// Descriptors that are open.
    public var descriptorCount: Int?
    /// How many may be open at once: the soft limit `RLIMIT_NOFILE`.
    public var descriptorLimit: UInt64?
    public var children: [ProcessNode]

    public init(
        pid: Int32, parentPID: Int32? = nil, user: String? = nil, uid: UInt32? = nil, state: String? = nil,
        command: String? = nil, started: Timestamp? = nil, residentBytes: UInt64? = nil,
        descriptorCount: Int? = nil, descriptorLimit: UInt64? = nil, children: [ProcessNode] = []
    ) {
        self.pid = pid
        self.parentPID = parentPID
        self.user = user
        self.uid = uid
        self.state = state
        self.command = command
        self.started = started
        self.residentBytes = residentBytes
        self.descriptorCount = descriptorCount
        self.descriptorLimit = descriptorLimit
        self.children = children
    }
}
