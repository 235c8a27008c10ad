import CUnwindShim

/// The time between two looks of the watchdog, and how much of it the machine kept from the process. In nanoseconds.
struct WatchdogRound {
    /// At its end; CLOCK_MONOTONIC, which stands still while the machine is suspended.
    var now: UInt64
    var elapsed: UInt64
    /// By how much the watchdog woke later than it had meant to: the process was stopped, or the machine was.
    var late: UInt64 = 0
    var share: MachineShare?

    /// In which a heartbeat could have been answered. The causes of a loss may be one and the same, so that only the
    /// largest is taken off. What kept the watchdog from waking may have begun that long before, while it slept.
    var countable: UInt64 {
        elapsed - min(elapsed, max(late &+ late, share?.lost(of: elapsed) ?? 0))
    }
}

/// How much of the machine the process got. In nanoseconds.
struct MachineShare {
    /// All threads together: on a processor, and ready to run without one.
    var ran: UInt64 = 0
    var waited: UInt64 = 0
    /// In which nothing went on for lack of memory.
    var stalled: UInt64 = 0
    /// That the process may use.
    var processors: UInt64 = 1

    /// How much longer than alone on the machine it takes what it does. Threads that wait for each other's processors
    /// are the process's own business; one that sleeps wants none.
    func lost(of elapsed: UInt64) -> UInt64 {
        let wanted = min(Double(ran) + Double(waited), Double(processors) * Double(elapsed))
        let share = max(0, wanted - Double(ran)) / max(wanted, Double(elapsed), 1)
        return min(elapsed, max(stalled, UInt64(Double(elapsed) * share)))
    }
}

/// Reads shares, one after the other, as long as somebody is suspected. Of the watchdog thread alone.
struct MachineShareReader {
    /// `/proc/pressure/memory`, or that of the cgroup.
    let memoryPressurePath: [CChar]
    private var isFirst = true

    init() {
        let group = MemoryGroupState.place(
            cgroup: ProcFile.text("/proc/self/cgroup") ?? "", mounts: ProcFile.text("/proc/self/mountinfo") ?? "")
        let own = group.flatMap { $0.version == 2 ? $0.directory + "/memory.pressure" : nil }
        let usable = own.flatMap { ProcFile.text($0) == nil ? nil : $0 }
        memoryPressurePath = Array((usable ?? "/proc/pressure/memory").utf8CString)
    }

    /// Since the last call; nothing is known where `pause()` was called meanwhile. A few microseconds for each thread.
    mutating func read(elapsed: UInt64) -> MachineShare {
        var share = gmr_machine_share_t()
        memoryPressurePath.withUnsafeBufferPointer {
            gmr_machine_share(&share, elapsed, isFirst ? 1 : 0, $0.baseAddress)
        }
        isFirst = false
        return MachineShare(
            ran: share.ran_ns, waited: share.waited_ns, stalled: share.stalled_ns,
            processors: UInt64(share.processors))
    }

    mutating func pause() { isFirst = true }
}
