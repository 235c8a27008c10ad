import GMRAgent
import GMRCore
import Glibc

/// A number that is no process to look at.
struct NoSuchProcess: Error, CustomStringConvertible {
    var description: String
}

/// What `/proc` tells of a process, which notices nothing. It may end at any moment: what cannot be read is nil.
struct RunningProcess {
    let pid: Int32
    let status: KeyedText
    let name: String
    /// Of the executable; nil where this user may not see it.
    let executable: String?
    /// Nil where this user may not see them.
    let maps: MappedFiles?
    let environment: [String: String]?
    let limits: ResourceLimits
    /// `status` of each thread.
    let tasks: [KeyedText]
    /// Who owns its files in `/proc`: root where it is not dumpable.
    let owner: UInt32?
    /// What stands before its absolute paths: empty where they are the same as ours.
    let root: String
    let isOfThisUserNamespace: Bool

    init(pid: Int32) throws(NoSuchProcess) {
        self.pid = pid
        status = try Self.status(of: pid)
        let place = "/proc/\(pid)"
        name = status["Name"] ?? "?"
        executable = ProcFile.link(place + "/exe")
        maps = ProcFile.text(place + "/maps", limit: 64 << 20).map(MappedFiles.init)
        // Empty for a zombie, as for one that may not be read after all.
        environment = ProcFile.bytes(place + "/environ") == nil ? nil : Self.gmrVariables(place + "/environ")
        limits = ResourceLimits(ProcFile.text(place + "/limits") ?? "")
        tasks = ProcFile.names(in: place + "/task").compactMap { ProcFile.text("\(place)/task/\($0)/status") }
            .map(KeyedText.init)
        var owner = stat()
        // The directory itself is its user's in any case.
        self.owner = stat(place + "/status", &owner) == 0 ? owner.st_uid : nil
        let isSameRoot = ProcFile.link(place + "/root") == "/" && Self.isShared("mnt", pid)
        root = isSameRoot ? "" : place + "/root"
        isOfThisUserNamespace = Self.isShared("user", pid)
    }

    var title: String { "Process \(pid) (\(name))" }

    /// `R`, `S`, `D`, `T`, `t`, `Z`…
    var state: Character { status["State"]?.first ?? "?" }

    /// Its numbers in the namespaces of processes, ours first and its own last.
    var numbers: [Substring] { status.words("NSpid") }

    /// Process 1 of a container.
    var isInit: Bool { numbers.last == "1" }

    // MARK: Reading

    private static func status(of pid: Int32) throws(NoSuchProcess) -> KeyedText {
        guard pid > 0 else {
            throw NoSuchProcess(description: "\(pid) is no number of a process. `pgrep -a NAME` finds one.")
        }
        guard let text = ProcFile.text("/proc/\(pid)/status"), !text.isEmpty else {
            let isHidden = kill(pid, 0) == 0 || errno == EPERM
            throw NoSuchProcess(
                description: isHidden
                    ? "/proc hides process \(pid) from this user. Try again as its user or as root: sudo gmr doctor \(pid)"
                    : "There is no process \(pid). `pgrep -a NAME` finds the number of one; a number from within a "
                        + "container is another one outside.")
        }
        let status = KeyedText(text)
        if let process = status["Tgid"], process != "\(pid)" {
            throw NoSuchProcess(
                description: "\(pid) is a thread of process \(process). Try gmr doctor \(process)")
        }
        if status["Kthread"] == "1" {
            throw NoSuchProcess(
                description: "\(pid) is a thread of the kernel, which has no code of a program. "
                    + "`pgrep -a NAME` finds processes.")
        }
        return status
    }

    /// All other variables stay unread beyond their name: they hold secrets.
    private static func gmrVariables(_ path: String) -> [String: String] {
        var result: [String: String] = [:]
        for entry in ProcFile.strings(path) where entry.uppercased().hasPrefix("GMR_") {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        }
        return result
    }

    /// Whether it is in the same namespace as this tool; true where nobody knows.
    private static func isShared(_ namespace: String, _ pid: Int32) -> Bool {
        guard let its = ProcFile.link("/proc/\(pid)/ns/\(namespace)") else { return true }
        return its == ProcFile.link("/proc/self/ns/\(namespace)")
    }

    /// What signalfds in it read, by the line `sigmask:` of their descriptors.
    func signalsReadByDescriptors() -> SignalSet {
        ProcFile.names(in: "/proc/\(pid)/fdinfo").reduce(SignalSet(mask: 0)) { read, descriptor in
            read.union(KeyedText(ProcFile.text("/proc/\(pid)/fdinfo/\(descriptor)") ?? "").signals("sigmask"))
        }
    }
}
