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
    public var children: [ProcessNode]

    public init(
        pid: Int32, parentPID: Int32? = nil, user: String? = nil, uid: UInt32? = nil, state: String? = nil,
        command: String? = nil, children: [ProcessNode] = []
    ) {
        self.pid = pid
        self.parentPID = parentPID
        self.user = user
        self.uid = uid
        self.state = state
        self.command = command
        self.children = children
    }
}
