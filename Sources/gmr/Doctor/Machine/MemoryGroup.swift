import GMRAgent

/// The memory limit that a process lives under, by cgroups of either version (cgroups(7)).
struct MemoryGroup: Equatable {
    /// What a report takes for a moment, in the service and its helper.
    static let neededBytes: UInt64 = 20 << 20

    var limit: UInt64?
    var used: UInt64
    /// Of these, file contents that the kernel gives up first.
    var reclaimable: UInt64
    /// How often somebody was killed here for lack of memory.
    var kills: UInt64

    /// Nil: no limit.
    var left: UInt64? {
        limit.map { limit in
            let held = used > reclaimable ? used - reclaimable : 0
            return limit > held ? limit - held : 0
        }
    }

    // MARK: What is found

    func findings(_ check: String) -> [Finding] {
        var findings: [Finding] = []
        if let limit, let left {
            let size = "of the memory limit of \(limit >> 20) MiB"
            findings.append(
                left < Self.neededBytes
                    ? .warning(
                        check,
                        "\(left >> 20) MiB are left \(size); a report takes about \(Self.neededBytes >> 20), and "
                            + "the kernel may kill the service for it.",
                        do: "raise the limit (systemd: MemoryMax=, docker: --memory, Kubernetes: limits.memory)")
                    : .ok(check, "\(left >> 20) MiB are left \(size)."))
        } else {
            findings.append(.ok(check, "No cgroup limits the memory."))
        }
        if kills > 0 {
            let times = kills == 1 ? "once" : "\(kills) times"
            findings.append(
                .warning(
                    check, "The kernel has killed a process of this cgroup for lack of memory \(times).",
                    do: "raise the limit, or find out what grows: journalctl -k --grep 'oom|Killed process'"))
        }
        return findings
    }

    /// - Parameter pid: `self`, or a number.
    static func findings(pid: String, check: String) -> [Finding] {
        let places = places(
            cgroup: ProcFile.text("/proc/\(pid)/cgroup") ?? "",
            mounts: Mounts(ProcFile.text("/proc/self/mountinfo") ?? ""))
        let groups = places.flatMap { place in place.directories.compactMap { read($0, version: place.version) } }
        guard var tightest = groups.min(by: { ($0.left ?? .max) < ($1.left ?? .max) }) else {
            return [.ok(check, "No memory cgroup is in sight, so none limits the memory.")]
        }
        tightest.kills = groups.map(\.kills).max() ?? 0
        return tightest.findings(check)
    }

    // MARK: Where it stands

    /// A process's group and those around it, the innermost first.
    struct Place: Equatable {
        var version: Int
        var directories: [String]
    }

    /// Of `/proc/PID/cgroup`, lines `0::/path` of version 2, and `4:memory:/path` of version 1.
    static func places(cgroup: String, mounts: Mounts) -> [Place] {
        cgroup.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            let isFirst = fields[1].split(separator: ",").contains("memory")
            guard isFirst || (fields[0] == "0" && fields[1].isEmpty) else { return nil }
            let mount = mounts.mounts.last {
                isFirst ? $0.type == "cgroup" && $0.options.contains("memory") : $0.type == "cgroup2"
            }
            guard let mount else { return nil }
            return Place(version: isFirst ? 1 : 2, directories: directories(String(fields[2]), in: mount))
        }
    }

    /// A path outside of what is mounted, `/../other`, shows the mount's own directory alone.
    private static func directories(_ path: String, in mount: Mounts.Mount) -> [String] {
        var parts = path.split(separator: "/")
        let root = mount.root.split(separator: "/")
        parts = parts.starts(with: root) && !parts.contains("..") ? Array(parts.dropFirst(root.count)) : []
        return (0...parts.count).reversed().map { count in
            ([mount.point] + parts.prefix(count).map(String.init)).joined(separator: "/")
        }
    }

    /// Nil where there are no such files, as at the root of version 2.
    private static func read(_ directory: String, version: Int) -> MemoryGroup? {
        func text(_ name: String) -> String? { ProcFile.text("\(directory)/\(name)") }
        func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0.filter { $0 != "\n" }) } }
        let stat = KeyedText(text("memory.stat") ?? "")
        guard let used = number(version == 2 ? "memory.current" : "memory.usage_in_bytes") else { return nil }
        let limit = number(version == 2 ? "memory.max" : "memory.limit_in_bytes")
        let events = KeyedText(text(version == 2 ? "memory.events" : "memory.oom_control") ?? "")
        return MemoryGroup(
            // Version 1 writes the largest multiple of a page where there is none.
            limit: limit.flatMap { $0 < 1 << 62 ? $0 : nil }, used: used,
            reclaimable: stat.number(version == 2 ? "inactive_file" : "total_inactive_file") ?? 0,
            kills: events.number("oom_kill") ?? 0)
    }
}
