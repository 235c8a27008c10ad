import GMRAgent

extension RunningProcess {
    func limitFindings() -> [Finding] {
        let findings = [descriptors(), addressSpace(), processes(), fileSize()].compactMap(\.self)
        return findings.isEmpty ? [.ok("limits", "No resource limit is near.")] : findings
    }

    private func descriptors() -> Finding? {
        guard let limit = limits.limit("Max open files"), let count = ProcFile.count(in: "/proc/\(pid)/fd") else {
            return nil
        }
        return Self.descriptors(UInt64(count), limit: limit)
    }

    static func descriptors(_ count: UInt64, limit: UInt64) -> Finding? {
        guard count + 8 > limit else { return nil }
        return .warning(
            "limits",
            "\(count) of \(limit) descriptors are open. Reports come all the same, but the service is stuck "
                + "soon.",
            do: "find out who leaves them open (ls -l /proc/PID/fd), or raise LimitNOFILE= (ulimit -n)")
    }

    private func addressSpace() -> Finding? {
        Self.addressSpace(used: status.kibibytes("VmSize"), limit: limits.limit("Max address space"))
    }

    static func addressSpace(used: UInt64?, limit: UInt64?) -> Finding? {
        guard let used, let limit, used.addingReportingOverflow(64 << 20).partialValue > limit else { return nil }
        return .warning(
            "limits",
            "\(used >> 20) of \(limit >> 20) MiB of address space are taken: only the helper process can "
                + "finish a report.",
            do: "raise LimitAS= (ulimit -v)")
    }

    /// The kernel counts threads of the real user, and holds root to no limit.
    private func processes() -> Finding? {
        guard let limit = limits.limit("Max processes"), let user = status.words("Uid").first, user != "0" else {
            return nil
        }
        let count = ProcFile.names(in: "/proc").reduce(UInt64(0)) { count, name in
            guard Int32(name) != nil else { return count }
            let other = KeyedText(ProcFile.text("/proc/\(name)/status") ?? "")
            return other.words("Uid").first == user ? count + (other.number("Threads") ?? 0) : count
        }
        return Self.processes(count, limit: limit)
    }

    static func processes(_ count: UInt64, limit: UInt64) -> Finding? {
        guard count + 8 > limit else { return nil }
        return .warning(
            "limits", "The user has \(count) of \(limit) threads and processes: no helper process can be started.",
            do: "find out who starts them (ps -eLf), raise LimitNPROC= (ulimit -u), or set GMR_HELPER_STANDBY=1, which "
                + "starts one at set-up")
    }

    private func fileSize() -> Finding? {
        Self.fileSize(limit: limits.limit("Max file size"))
    }

    static func fileSize(limit: UInt64?) -> Finding? {
        guard let limit, limit < 16 << 20 else { return nil }
        return .warning(
            "limits", "Files may grow to \(limit >> 10) KiB only: a large report is not written.",
            do: "raise LimitFSIZE= (ulimit -f)")
    }
}
