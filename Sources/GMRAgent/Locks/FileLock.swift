import GMRCore
import Glibc

/// Locks on files, and who has them by `/proc/locks`.
enum FileLock {
    enum Call: String {
        case flock, fcntl
    }

    /// - Parameter pid: The process whose descriptor it is.
    static func wait(pid: Int32, descriptor: Int32, call: Call) -> LockWait {
        let path = "/proc/\(pid)/fd/\(descriptor)"
        let name = ProcFile.link(path).map { " of \(PrintableText.escaped($0))" } ?? ""
        var wait = LockWait(kind: .fileLock, description: "\(call.rawValue) lock\(name)")
        var status = stat()
        guard stat(path, &status) == 0, let table = ProcFile.text("/proc/locks") else { return wait }
        let file = identity(of: status)
        // 1: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF; one that waits has an arrow behind its number.
        let holders = table.split(separator: "\n").compactMap { line -> Int32? in
            let fields = line.split(separator: " ")
            let isOfCall = call == .flock ? fields.contains("FLOCK") : !fields.contains("FLOCK")
            guard fields.count > 5, fields[1] != "->", isOfCall, fields[5] == file else { return nil }
            return Int32(fields[4])
        }
        guard let holder = holders.first, holder > 0 else { return wait }
        wait.ownerProcess = holder
        wait.ownerName = OtherProcess.name(of: holder)
        wait.isOwnerAlive = wait.ownerName != nil
        wait.certainty = .certain
        if holders.count > 1 { wait.description += ", held by \(holders.count)" }
        if holder == pid {
            // The lock belongs to an open file, which any thread of the process may unlock.
            wait.certainty = .likely
        }
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
