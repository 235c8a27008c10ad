import GMRCore
import Glibc

/// Locks on files, and who has them: `/proc/locks` as it is when the first thread is found to wait for one.
struct FileLocks {
    enum Call: String {
        case flock, fcntl
    }

    private struct Waiter: Hashable {
        var pid: Int32
        var file: Substring
        var isFlock: Bool
    }

    /// The processes whose locks a process waits for.
    private var blockers: [Waiter: Set<Int32>] = [:]

    /// `1: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF`; who waits for that lock has lines behind it, with an arrow
    /// after the number.
    init() {
        var holder: Int32 = 0
        for line in ProcFile.text("/proc/locks", limit: 1 << 24)?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: " ")
            let start = fields.count > 1 && fields[1] == "->" ? 2 : 1
            guard fields.count > start + 4, let pid = Int32(fields[start + 3]) else { continue }
            if start == 1 {
                holder = pid
            } else {
                let waiter = Waiter(pid: pid, file: fields[start + 4], isFlock: fields[start] == "FLOCK")
                blockers[waiter, default: []].insert(holder)
            }
        }
    }

    /// - Parameter pid: The process whose descriptor it is.
    func wait(pid: Int32, descriptor: Int32, call: Call) -> LockWait {
        let path = "/proc/\(pid)/fd/\(descriptor)"
        let name = ProcFile.link(path).map { " of \(PrintableText.escaped($0))" } ?? ""
        var wait = LockWait(kind: .fileLock, description: "\(call.rawValue) lock\(name)")
        var status = stat()
        guard stat(path, &status) == 0 else { return wait }
        let waiter = Waiter(pid: pid, file: Substring(Self.identity(of: status)), isFlock: call == .flock)
        guard let found = blockers[waiter], found.count == 1, let holder = found.first, holder > 0 else { return wait }
        wait.ownerProcess = holder
        wait.ownerName = OtherProcess.name(of: holder)
        // A lock of flock() belongs to an open file: whoever inherited that has it too, and may outlive who took it.
        wait.certainty = call == .flock ? .likely : .certain
        if wait.ownerName == nil { wait.description += ", taken by a process that has ended" }
        return wait
    }

    /// As the kernel prints it: `08:01:12345`.
    private static func identity(of status: stat) -> String {
        func twoDigits(_ number: UInt32) -> String {
            let digits = String(number, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }
        let device = UInt64(status.st_dev)
        let major = UInt32(device >> 8 & 0xFFF | device >> 32 & ~0xFFF)
        let minor = UInt32(device & 0xFF | device >> 12 & ~0xFF)
        return "\(twoDigits(major)):\(twoDigits(minor)):\(status.st_ino)"
    }
}
