/// One thread at the moment of the capture.
public struct ThreadSnapshot: Sendable, Equatable {
    /// The kernel's state letter, spelled out.
    public enum State: String, Sendable { case running, sleeping, uninterruptible, stopped, zombie }

    /// How registers and stack were read.
    public enum CaptureMethod: String, Sendable {
        /// From `/proc` and with `process_vm_readv`; the thread never noticed. One that glibc has put to sleep for good may
        /// have been stopped afterwards, for its registers.
        case noTouch
        /// By the thread itself, in a SIGPROF handler.
        case signal
        /// By a process that stopped it for a moment: it runs with SIGPROF masked, or did not answer.
        case ptrace
        /// From what the handler of a crash was given.
        case `self`
        /// Not at all: `captureProblem` says why.
        case none
    }

    /// Why the list of frames ends where it does.
    public enum StopReason: String, Sendable { case complete, truncated, unreadable, noUnwindInfo }

    public var tid: Int32
    public var name: String?
    public var state: State?
    /// The thread that crashed.
    public var isCurrent: Bool
    public var capture: CaptureMethod
    public var captureProblem: String?
    /// CPU time used, in nanoseconds.
    public var cpuNanoseconds: UInt64?
    public var voluntarySwitches: UInt64?
    /// How much of a processor's time it has used since the capture, while the report was made; nil where that was too
    /// short a time to say.
    public var cpuPercent: Int?
    /// The name of the system call the thread is in (`futex`), or its number where the name is unknown.
    public var syscall: String?
    /// The Swift task that it runs.
    public var task: UInt64?
    /// What it waits for; nil where it runs, or where that is not known.
    public var waitsFor: LockWait?
    /// Innermost first; frames inlined into one address stand before the function they were inlined into.
    public var frames: [Frame]
    public var stop: StopReason

    public init(
        tid: Int32, name: String? = nil, state: State? = nil, isCurrent: Bool = false,
        capture: CaptureMethod, captureProblem: String? = nil, cpuNanoseconds: UInt64? = nil,
        voluntarySwitches: UInt64? = nil, syscall: String? = nil, waitsFor: LockWait? = nil, frames: [Frame] = [],
        stop: StopReason = .complete
    ) {
        self.tid = tid
        self.name = name
        self.state = state
        self.isCurrent = isCurrent
        self.capture = capture
        self.captureProblem = captureProblem
        self.cpuNanoseconds = cpuNanoseconds
        self.voluntarySwitches = voluntarySwitches
        self.syscall = syscall
        self.waitsFor = waitsFor
        self.frames = frames
        self.stop = stop
    }
}

extension [ThreadSnapshot] {
    /// Each by its number; of several with the same one, the first.
    public var byTID: [Int32: ThreadSnapshot] { Dictionary(map { ($0.tid, $0) }) { first, _ in first } }
}

/// One stack frame, physical or inlined.
public struct Frame: Sendable, Equatable {
    /// What gdb calls `$pc`: the interrupted instruction in the innermost frame, the return address in its callers.
    public var address: UInt64
    /// The file name of the module, without its folder.
    public var module: String?
    public var modulePath: String?
    /// Lower-case hexadecimal.
    public var buildID: String?
    /// `address` as the module's own ELF file numbers it (load bias subtracted).
    public var offset: UInt64?
    /// The demangled name, in the simplified form that people read.
    public var function: String?
    /// The linker's name, where it differs from `function`.
    public var mangled: String?
    public var file: String?
    /// 1-based; nil where unknown or made by the compiler.
    public var line: Int?
    public var column: Int?
    /// The source line, without surrounding white space.
    public var source: String?
    public var isInlined: Bool
    public var isAsync: Bool

    public init(
        address: UInt64, module: String? = nil, modulePath: String? = nil, buildID: String? = nil,
        offset: UInt64? = nil, function: String? = nil, mangled: String? = nil, file: String? = nil,
        line: Int? = nil, column: Int? = nil, source: String? = nil, isInlined: Bool = false, isAsync: Bool = false
    ) {
        self.address = address
        self.module = module
        self.modulePath = modulePath
        self.buildID = buildID
        self.offset = offset
        self.function = function
        self.mangled = mangled
        self.file = file
        self.line = line
        self.column = column
        self.source = source
        self.isInlined = isInlined
        self.isAsync = isAsync
    }
}
