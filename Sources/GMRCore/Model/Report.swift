/// Everything one Guru Meditation Report says, as plain values. `JSONRenderer` writes it as the contract
/// `gmr-report/1`, `XMLRenderer` the same keys as XML, `TextRenderer` in the layout of oslo.reports.
public struct Report: Sendable, Equatable {
    /// When the capture began.
    public var generated: Timestamp
    public var trigger: Trigger
    public var process: ProcessIdentity
    public var package: Package
    public var verdict: Verdict
    public var threads: [ThreadSnapshot]
    /// By number.
    public var tasks: [TaskSnapshot]
    public var locks: Locks
    /// The process tree: this process, with its descendants as children.
    public var processes: [ProcessNode]
    public var configuration: ConfigurationSnapshot
    /// Sections that the service registered, in the order of registration.
    public var sections: [Section]
    public var completeness: Completeness

    public init(
        generated: Timestamp, trigger: Trigger, process: ProcessIdentity, package: Package,
        verdict: Verdict = Verdict(), threads: [ThreadSnapshot] = [], tasks: [TaskSnapshot] = [],
        locks: Locks = Locks(), processes: [ProcessNode] = [],
        configuration: ConfigurationSnapshot = ConfigurationSnapshot(), sections: [Section] = [],
        completeness: Completeness = Completeness()
    ) {
        self.generated = generated
        self.trigger = trigger
        self.process = process
        self.package = package
        self.verdict = verdict
        self.threads = threads
        self.tasks = tasks
        self.locks = locks
        self.processes = processes
        self.configuration = configuration
        self.sections = sections
        self.completeness = completeness
    }
}

/// What made the report.
public struct Trigger: Sendable, Equatable {
    public enum Kind: String, Sendable { case signal, file, api, watchdog, crash }

    public var kind: Kind
    /// The signal's name, `SIGUSR2` or `SIGRTMIN+3`; nil where no signal was involved.
    public var signal: String?
    /// The process that sent the signal; nil where the kernel did not say.
    public var senderPID: Int32?
    /// The fault, where one made the report.
    public var crash: Crash?
    /// The end of the process, where it made no report itself; then `crash` is nil.
    public var end: ProcessEnd?
    /// What the watchdog had no answer from, where it asked; `kind` is another where somebody else asked before it.
    public var watchdog: UnansweredHeartbeat?
    /// How many triggers came while this report was under way and were answered by it.
    public var coalescedCount: Int

    public init(
        kind: Kind, signal: String? = nil, senderPID: Int32? = nil, crash: Crash? = nil, end: ProcessEnd? = nil,
        watchdog: UnansweredHeartbeat? = nil, coalescedCount: Int = 0
    ) {
        self.kind = kind
        self.signal = signal
        self.senderPID = senderPID
        self.crash = crash
        self.end = end
        self.watchdog = watchdog
        self.coalescedCount = coalescedCount
    }
}

/// The process that the report is about.
public struct ProcessIdentity: Sendable, Equatable {
    public var pid: Int32
    public var parentPID: Int32?
    public var executable: String?
    public var arguments: [String]
    public var started: Timestamp?
    public var host: String?
    public var serviceName: String?

    public init(
        pid: Int32, parentPID: Int32? = nil, executable: String? = nil, arguments: [String] = [],
        started: Timestamp? = nil, host: String? = nil, serviceName: String? = nil
    ) {
        self.pid = pid
        self.parentPID = parentPID
        self.executable = executable
        self.arguments = arguments
        self.started = started
        self.host = host
        self.serviceName = serviceName
    }
}
