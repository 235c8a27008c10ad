import GMRCore
import Glibc

/// The Processes section: a process and its descendants. One that vanishes meanwhile is left out, or shown with what
/// was read of it before.
struct ProcessTree {
    private let masker: SecretMasker
    private let childrenByParent: [Int32: [ProcessFacts]]
    private let userNames = Self.userNames()
    private let bootSeconds = ProcessFacts.bootSeconds()
    private let pageByteCount = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))

    /// - Parameters:
    ///   - hidden: Processes left out with all below them: GMR's own helper.
    ///   - masker: Of command lines, while it is known where an argument ends.
    static func read(root: Int32, hidden: Set<Int32>, masker: SecretMasker) -> [ProcessNode] {
        guard let facts = ProcessFacts(pid: root) else { return [] }
        return [ProcessTree(hidden: hidden, masker: masker).node(facts, depth: 0)]
    }

    private init(hidden: Set<Int32>, masker: SecretMasker) {
        self.masker = masker
        var childrenByParent: [Int32: [ProcessFacts]] = [:]
        for name in ProcFile.names(in: "/proc") {
            guard let pid = Int32(name), !hidden.contains(pid), let facts = ProcessFacts(pid: pid) else { continue }
            childrenByParent[facts.parentPID, default: []].append(facts)
        }
        self.childrenByParent = childrenByParent
    }

    private func node(_ facts: ProcessFacts, depth: Int) -> ProcessNode {
        let children = depth < 64 ? childrenByParent[facts.pid] ?? [] : []
        let uid = Self.userID(of: facts.pid)
        var node = ProcessNode(
            pid: facts.pid, parentPID: facts.parentPID, user: uid.flatMap { userNames[$0] }, uid: uid,
            state: facts.state, command: command(of: facts.pid),
            children: children.sorted { $0.pid < $1.pid }.map { self.node($0, depth: depth + 1) })
        node.started = bootSeconds.flatMap { facts.started(bootSeconds: $0) }
        node.residentBytes = facts.residentPages.map { UInt64($0).multipliedReportingOverflow(by: pageByteCount).0 }
        node.descriptorCount = ProcFile.count(in: "/proc/\(facts.pid)/fd")
        node.descriptorLimit = Self.descriptorLimit(of: facts.pid)
        return node
    }

    private func command(of pid: Int32) -> String? {
        let arguments = ProcFile.strings("/proc/\(pid)/cmdline")
        if !arguments.isEmpty { return masker.masked(arguments: arguments).joined(separator: " ") }
        return ProcFile.text("/proc/\(pid)/comm").map { "[\($0.filter { $0 != "\n" })]" }
    }

    /// The effective user.
    private static func userID(of pid: Int32) -> UInt32? {
        guard let fields = fields(of: "Uid:", in: "/proc/\(pid)/status"), fields.count > 1 else { return nil }
        return UInt32(fields[1])
    }

    /// The soft limit; nil where it is unlimited or unknown.
    private static func descriptorLimit(of pid: Int32) -> UInt64? {
        fields(of: "Max open files", in: "/proc/\(pid)/limits")?.first.flatMap { UInt64($0) }
    }

    /// What follows a name at the beginning of a line.
    private static func fields(of name: String, in path: String) -> [Substring]? {
        let line = ProcFile.text(path)?.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.dropFirst(name.count).split { $0 == " " || $0 == "\t" }
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
