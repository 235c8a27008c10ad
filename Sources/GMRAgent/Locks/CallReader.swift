import GMRCore
import Glibc

/// Says what a thread waits for in a system call that is no futex call: a descriptor, a file's lock, a child.
struct CallReader {
    private let pid: Int32
    private lazy var sockets = SocketTable(pid: pid)
    private lazy var own = OwnDescriptors(pid: pid)
    private lazy var locks = FileLocks()
    /// Many threads may wait for the same one.
    private var waits: [Goal: LockWait?] = [:]

    /// A descriptor that is read or written, or a lock on its file.
    private struct Goal: Hashable {
        var descriptor: Int32
        var lock: FileLocks.Call?
    }

    init(pid: Int32) {
        self.pid = pid
    }

    /// Nil for a call that waits for nothing in particular.
    mutating func wait(of call: CapturedCall) -> LockWait? {
        guard let name = SyscallName.name(of: Int(call.number)), let first = call.arguments.first else { return nil }
        let descriptor = Int32(truncatingIfNeeded: first)
        switch name {
        case "flock": return wait(for: Goal(descriptor: descriptor, lock: .flock))
        case "fcntl":
            let isWaiting = Self.waitingCommands.contains(Int32(truncatingIfNeeded: call.arguments[1]))
            return isWaiting ? wait(for: Goal(descriptor: descriptor, lock: .fcntl)) : nil
        case "wait4": return child(descriptor)
        case "waitid":
            let isOneProcess = first == UInt64(P_PID.rawValue)
            return child(isOneProcess ? Int32(truncatingIfNeeded: call.arguments[1]) : -1)
        case _ where Self.descriptorCalls.contains(name): return wait(for: Goal(descriptor: descriptor))
        default: return nil
        }
    }

    /// Those whose first argument is the descriptor that they wait for.
    private static let descriptorCalls: Set<String> = [
        "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "recvfrom", "recvmsg",
        "recvmmsg", "sendto", "sendmsg", "sendmmsg", "accept", "accept4", "connect", "fsync", "fdatasync",
    ]

    /// F_SETLKW and F_OFD_SETLKW.
    private static let waitingCommands: Set<Int32> = [F_SETLKW, 38]

    private mutating func wait(for goal: Goal) -> LockWait? {
        if let known = waits[goal] { return known }
        let wait =
            goal.lock.map { locks.wait(pid: pid, descriptor: goal.descriptor, call: $0) } ?? lookUp(goal.descriptor)
        waits[goal] = .some(wait)
        return wait
    }

    private func child(_ pid: Int32) -> LockWait {
        // 0 and below: one of a group, or any.
        guard pid > 0 else { return LockWait(kind: .process, description: "any child process") }
        return LockWait(
            kind: .process, description: "child process \(pid)", ownerProcess: pid,
            ownerName: OtherProcess.name(of: pid), certainty: .certain)
    }

    private mutating func lookUp(_ number: Int32) -> LockWait? {
        guard let link = ProcFile.link("/proc/\(pid)/fd/\(number)") else { return nil }
        var what = PrintableText.escaped(link)
        var otherEnd: Int32?
        if link.hasPrefix("socket:["), let inode = Int(link.filter(\.isNumber)) {
            what = sockets.description(of: inode) ?? "a socket"
            otherEnd = sockets.peer(of: inode).flatMap { own.numbers(of: "socket:[\($0)]").first }
        } else if link.hasPrefix("pipe:[") {
            what = "a pipe"
            otherEnd = own.otherEnd(ofPipe: link, at: number)
        }
        if let otherEnd { what += " whose other end is descriptor \(otherEnd) of this process" }
        return LockWait(kind: .fd, description: "descriptor \(number), \(what)", certainty: .certain)
    }
}

/// The sockets of a process's network, by inode: `/proc/PID/net`.
private struct SocketTable {
    private struct Ends: Hashable {
        var local, remote: Substring
    }

    private struct Connection {
        var name: String
        var ends: Ends
    }

    /// As the files have them: there may be many, of which few are asked for.
    private var connections: [Int: Connection] = [:]
    private var inodes: [Ends: Int] = [:]
    private var unixPaths: [Int: Substring] = [:]

    init(pid: Int32) {
        for (file, name) in [("tcp", "TCP"), ("tcp6", "TCP"), ("udp", "UDP"), ("udp6", "UDP")] {
            for line in ProcFile.text("/proc/\(pid)/net/\(file)", limit: 1 << 24)?.split(separator: "\n") ?? [] {
                let fields = line.split(separator: " ")
                guard fields.count > 9, let inode = Int(fields[9]), inode != 0 else { continue }
                let ends = Ends(local: fields[1], remote: fields[2])
                connections[inode] = Connection(name: name, ends: ends)
                if name == "TCP" { inodes[ends] = inode }
            }
        }
        for line in ProcFile.text("/proc/\(pid)/net/unix", limit: 1 << 24)?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: " ", maxSplits: 7)
            guard fields.count > 6, let inode = Int(fields[6]) else { continue }
            unixPaths[inode] = fields.count > 7 ? fields[7] : ""
        }
    }

    func description(of inode: Int) -> String? {
        if let path = unixPaths[inode] {
            return "a Unix socket" + (path.isEmpty ? "" : " " + PrintableText.escaped(String(path)))
        }
        guard let connection = connections[inode], let local = Self.address(connection.ends.local),
            let remote = Self.address(connection.ends.remote)
        else { return nil }
        return connection.name + (remote.hasSuffix(":0") ? " at \(local)" : " to \(remote)")
    }

    /// The other end of a connection, where that is on this machine.
    func peer(of inode: Int) -> Int? {
        guard let connection = connections[inode], connection.name == "TCP" else { return nil }
        return inodes[Ends(local: connection.ends.remote, remote: connection.ends.local)]
    }

    /// `0100007F:1538`: the address in words of the machine's byte order.
    private static func address(_ text: Substring) -> String? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16), parts[0].count % 8 == 0 else { return nil }
        var bytes: [UInt8] = []
        var rest = parts[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            withUnsafeBytes(of: word) { bytes += $0 }
            rest = rest.dropFirst(8)
        }
        let isV6 = bytes.count == 16
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            inet_ntop(isV6 ? AF_INET6 : AF_INET, bytes, buffer.baseAddress, socklen_t(buffer.count)).map {
                isV6 ? "[\(String(cString: $0))]:\(port)" : "\(String(cString: $0)):\(port)"
            }
        }
    }
}

/// A process's pipes and sockets, by what their links say.
private struct OwnDescriptors {
    private let pid: Int32
    private var numbers: [String: [Int32]] = [:]

    /// More are not looked at: it takes 2 microseconds each.
    private static let largestCount = 4096

    init(pid: Int32) {
        self.pid = pid
        for name in ProcFile.names(in: "/proc/\(pid)/fd").prefix(Self.largestCount) {
            guard let number = Int32(name), let link = ProcFile.link("/proc/\(pid)/fd/\(name)") else { continue }
            numbers[link, default: []].append(number)
        }
    }

    /// `socket:[4711]`
    func numbers(of link: String) -> [Int32] { (numbers[link] ?? []).sorted() }

    func otherEnd(ofPipe link: String, at number: Int32) -> Int32? {
        let wanted = isWritable(number)
        return numbers(of: link).first { $0 != number && isWritable($0) != wanted }
    }

    private func isWritable(_ number: Int32) -> Bool? {
        let info = ProcFile.text("/proc/\(pid)/fdinfo/\(number)")?.split(separator: "\n")
        let flags = info?.first { $0.hasPrefix("flags:") }?.split(whereSeparator: \.isWhitespace).last
        return flags.flatMap { Int32($0, radix: 8) }.map { $0 & O_ACCMODE != O_RDONLY }
    }
}
