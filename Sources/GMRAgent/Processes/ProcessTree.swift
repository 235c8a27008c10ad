import GMRCore
import Glibc

/// The Processes section: a process and its descendants.
enum ProcessTree {
    /// - Parameter hidden: Processes left out with all below them: GMR's own helper.
    static func read(root: Int32, hidden: Set<Int32>) -> [ProcessNode] {
        guard let facts = ProcessFacts(pid: root) else { return [] }
        var childrenByParent: [Int32: [ProcessFacts]] = [:]
        for name in ProcFile.names(in: "/proc") {
            guard let pid = Int32(name), !hidden.contains(pid), let facts = ProcessFacts(pid: pid) else { continue }
            childrenByParent[facts.parentPID, default: []].append(facts)
        }
        let users = userNames()
        func node(_ facts: ProcessFacts, depth: Int) -> ProcessNode {
            let children = depth < 64 ? childrenByParent[facts.pid] ?? [] : []
            let uid = userID(of: facts.pid)
            return ProcessNode(
                pid: facts.pid, parentPID: facts.parentPID, user: uid.flatMap { users[$0] }, uid: uid,
                state: facts.state, command: command(of: facts.pid),
                children: children.sorted { $0.pid < $1.pid }.map { node($0, depth: depth + 1) })
        }
        return [node(facts, depth: 0)]
    }

    private static func command(of pid: Int32) -> String? {
        let arguments = ProcFile.strings("/proc/\(pid)/cmdline")
        if !arguments.isEmpty { return arguments.joined(separator: " ") }
        return ProcFile.text("/proc/\(pid)/comm").map { "[\($0.filter { $0 != "\n" })]" }
    }

    /// The effective user.
    private static func userID(of pid: Int32) -> UInt32? {
        guard let status = ProcFile.text("/proc/\(pid)/status") else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        guard let fields = line?.split(separator: "\t"), fields.count > 2 else { return nil }
        return UInt32(fields[2])
    }

    /// From `/etc/passwd` alone: getpwuid() may ask a directory server that does not answer.
    private static func userNames() -> [UInt32: String] {
        var result: [UInt32: String] = [:]
        for line in (ProcFile.text("/etc/passwd") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 2, let uid = UInt32(fields[2]), result[uid] == nil else { continue }
            result[uid] = String(fields[0])
        }
        return result
    }
}
