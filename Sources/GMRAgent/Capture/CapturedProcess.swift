import GMRCore

/// One capture as values: threads with bare addresses, before symbols.
struct CapturedProcess: Sendable {
    var pid: Int32
    var generation: UInt32
    var trigger: Trigger
    var captured: Timestamp
    /// When the threads' facts had been read, of CLOCK_MONOTONIC in nanoseconds.
    var factsRead: UInt64
    var threads: [CapturedThread]
    var tasks: [CapturedTask]
    /// Every task was found, and stood still while it was read or runs.
    var areTasksComplete: Bool
    /// Who has the semaphores, by the address that threads wait at for them; tasks by their addresses. Empty where not
    /// all of it is known.
    var semaphores: [UInt64: SemaphoreHolders]
    /// Address of libdispatch's; 0: it is not known.
    var mainQueue: UInt64
    /// The thread that may run what is on it; nil: none, or unknown.
    var mainQueueDrainer: Int32?
    /// Sorted by address.
    var modules: [CapturedModule]
    /// What the capture itself could not do.
    var gaps: [String]
    var stages: Completeness.Stages
    /// Threads beyond the slots: counted, not read.
    var uncapturedThreadCount: Int

    func module(at address: UInt64) -> CapturedModule? {
        var low = 0
        var high = modules.count
        while low < high {
            let middle = (low + high) / 2
            if modules[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        return low < modules.count && modules[low].start <= address ? modules[low] : nil
    }
}

/// A thread without symbols; `snapshot.frames` is empty.
struct CapturedThread: Sendable {
    var snapshot: ThreadSnapshot
    /// Innermost first.
    var frames: [CapturedFrame]
    var wait: CapturedWait?
    var call: CapturedCall?
    /// Address of the Swift task that it runs; nil: none, or unknown.
    var task: UInt64?
    /// Address of the executor or actor that it is on, where a task waits for it.
    var executor: UInt64?
    /// It had not moved since its capture when that was read.
    var isTaskCertain = false
    /// Of a thread that answered a signal: its register for a function's first argument.
    var firstArgument: UInt64?
}

/// Where a frame stands: an instruction, or the return address into it.
struct CapturedFrame: Sendable, Hashable {
    /// What gdb calls `$pc`.
    var address: UInt64
    /// True where `address` is the instruction itself: the innermost frame, a signal trampoline, and what a signal
    /// interrupted.
    var isExact: Bool
    /// The code that a signal handler returns to.
    var isSignalTrampoline = false

    /// The address to look symbols up with: a call may be its function's last instruction.
    var lookupAddress: UInt64 { isExact ? address : address &- 1 }
}

/// One ELF image of the process.
struct CapturedModule: Sendable {
    var start: UInt64
    var end: UInt64
    var loadBias: UInt64
    var path: String
    /// Where the file is to be read, if elsewhere.
    var copyPath: String?
    var buildID: [UInt8]
    var isDeleted: Bool
    var isVDSO: Bool

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    var buildIDText: String? {
        guard !buildID.isEmpty else { return nil }
        let digits = Array("0123456789abcdef")
        return String(buildID.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// Installed with the system rather than with the service.
    var isSystemLibrary: Bool {
        ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"].contains { path.hasPrefix($0) }
    }
}
