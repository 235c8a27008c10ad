/// How a process ended that made no report of it, as far as another process can know.
public struct ProcessEnd: Sendable, Equatable {
    /// When it was seen.
    public var time: Timestamp
    /// `SIGKILL`; nil where the kernel does not tell.
    public var signal: String?
    /// Nil where the kernel does not tell.
    public var hasCoreDump: Bool?
    /// The memory cgroup that it was started in; nil where there is none.
    public var memoryGroup: MemoryGroupChange?

    public init(
        time: Timestamp, signal: String? = nil, hasCoreDump: Bool? = nil, memoryGroup: MemoryGroupChange? = nil
    ) {
        self.time = time
        self.signal = signal
        self.hasCoreDump = hasCoreDump
        self.memoryGroup = memoryGroup
    }
}

/// What a memory cgroup has counted between the set-up of reports and the end of the process (cgroups(7)).
public struct MemoryGroupChange: Sendable, Equatable {
    /// `/system.slice/orders.service`
    public var path: String
    /// Processes of it, and of groups within it, that the kernel has killed for lack of memory; nil where it does not
    /// tell.
    public var killCount: UInt64?
    /// Nil: no limit of its own.
    public var limitBytes: UInt64?
    /// The most that it ever used; nil where the kernel does not tell.
    public var peakBytes: UInt64?

    public init(path: String, killCount: UInt64?, limitBytes: UInt64? = nil, peakBytes: UInt64? = nil) {
        self.path = path
        self.killCount = killCount
        self.limitBytes = limitBytes
        self.peakBytes = peakBytes
    }
}

extension Verdict {
    /// What is known of a process that ended without a report. In a sentence or two, for a person at night.
    /// - Parameter lastReport: When its last report was made; nil where there was none.
    public init(end: ProcessEnd, lastReport: Timestamp? = nil) {
        var text = "The process ended without a report: "
        let kills = end.memoryGroup?.killCount ?? 0
        switch end.signal {
        case let signal?: text += "killed by \(signal)" + (end.hasCoreDump == true ? ", with a core dump" : "")
        case nil: text += "this kernel does not tell how, by a signal or by _exit()"
        }
        if let group = end.memoryGroup, kills > 0 {
            text += "; its cgroup \(group.path) has counted "
            text += kills == 1 ? "an out-of-memory kill" : "\(kills) out-of-memory kills"
            text += " meanwhile (\(Self.limit(of: group)))"
        }
        text += "."
        if end.signal == "SIGKILL", kills == 0 {
            text +=
                end.memoryGroup?.killCount == nil
                ? " Whether it was for lack of memory cannot be seen here: look into the kernel's log."
                : " Not for lack of memory in its cgroup: somebody, or a service manager whose patience was over, sent it."
        }
        if let lastReport { text += " Its last report was made at \(lastReport.iso8601)." }
        self.init(kind: .crash, summary: text)
    }

    private static func limit(of group: MemoryGroupChange) -> String {
        let limit = group.limitBytes.map { "memory limit \(inWords($0))" } ?? "no memory limit of its own"
        return limit + (group.peakBytes.map { ", at most \(inWords($0)) used" } ?? "")
    }

    private static func inWords(_ bytes: UInt64) -> String {
        bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
