import GMRCore
import Glibc

/// Where a process's reports go, what triggers them and who makes them in the file system, seen with the process's
/// eyes.
struct ReportPlaces {
    private static let check = "log directory"
    private static let leastFreeBytes: UInt64 = 16 << 20

    var credentials: Credentials?
    /// What stands before its absolute paths: empty, or `/proc/PID/root`.
    var root: String
    var workingDirectory: String?

    init(status: KeyedText, root: String, workingDirectory: String?, isOfThisNamespace: Bool = true) {
        credentials = Credentials(status, isOfThisNamespace: isOfThisNamespace)
        self.root = root
        self.workingDirectory = workingDirectory
    }

    /// - Parameter isSetUp: Set-up makes the directory; later it is missed.
    func findings(_ settings: Settings, isSetUp: Bool) -> [Finding] {
        var findings: [Finding] = []
        if let directory = settings.logDirectory { findings.append(logDirectory(absolute(directory), isSetUp)) }
        if let file = settings.fileEventHandler { findings.append(triggerFile(absolute(file))) }
        return findings
    }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : (workingDirectory ?? "") + "/" + path
    }

    // MARK: Log directory

    private func logDirectory(_ path: String, _ isSetUp: Bool) -> Finding {
        let otherwise = "reports go to standard error"
        if let place = closed(path) {
            return .problem(
                Self.check, "\(path): the service may not enter \(place); \(otherwise).",
                do: "let user \(userName) search it (chmod, chown), or set GMR_LOG_DIR to another directory")
        }
        guard let status = status(of: path) else {
            if isSetUp {
                return .problem(
                    Self.check, "\(path) is not there any more; \(otherwise).",
                    do: "make it, for user \(userName) to write, or start the service again")
            }
            return missing(path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .problem(
                Self.check, "\(path) is no directory; \(otherwise).", do: "set GMR_LOG_DIR to a directory")
        }
        if credentials?.mayWrite(mode: status.st_mode, owner: status.st_uid, group: status.st_gid) == false {
            return .problem(
                Self.check, "\(path) cannot be written by user \(userName); \(otherwise).",
                do: "chown \(userName) \(path), or set GMR_LOG_DIR to another directory")
        }
        return room(path)
    }

    private func room(_ path: String) -> Finding {
        var volume = statvfs()
        guard statvfs(root + path, &volume) == 0 else {
            return .warning(Self.check, "\(path): its room is not known.", do: "look at it: df \(path)")
        }
        if volume.f_flag & UInt(ST_RDONLY) != 0 {
            return .problem(
                Self.check, "\(path) is on a file system that is read-only; reports go to standard error.",
                do: "mount it writable for the service (systemd: ReadWritePaths=), or set GMR_LOG_DIR to another "
                    + "directory")
        }
        let free = UInt64(volume.f_bavail).multipliedReportingOverflow(by: UInt64(volume.f_frsize)).partialValue
        if free < Self.leastFreeBytes || (volume.f_files > 0 && volume.f_favail == 0) {
            return .warning(
                Self.check, "\(path) has \(free >> 20) MiB and \(volume.f_favail) files left.",
                do: "remove what is old there, and have GMR do it: GMR_MAX_REPORTS, GMR_MAX_TOTAL_BYTES")
        }
        return .ok(Self.check, "\(path) can be written, and has \(free >> 20) MiB left.")
    }

    /// Set-up makes it with the directories above it.
    private func missing(_ path: String) -> Finding {
        var parent = path
        while let slash = parent.lastIndex(of: "/"), parent != "/" {
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
            if let status = status(of: parent) {
                if credentials?.mayWrite(mode: status.st_mode, owner: status.st_uid, group: status.st_gid) != false {
                    return .ok(Self.check, "\(path) is not there yet; set-up makes it.")
                }
                break
            }
        }
        return .problem(
            Self.check, "\(path) is not there, and user \(userName) cannot make it; reports go to standard error.",
            do: "mkdir -p \(path) and chown \(userName) \(path)")
    }

    // MARK: Trigger file

    private func triggerFile(_ path: String) -> Finding {
        let check = "trigger file"
        if let status = status(of: path), status.st_mode & S_IFMT == S_IFREG {
            return .ok(check, "touch \(path) asks for a report.")
        }
        return .warning(
            check, "\(path) is no regular file, or not there: it triggers nothing until it is made.",
            do: "touch \(path)")
    }

    // MARK: Files

    var userName: String { credentials.map { "\($0.user)" } ?? "?" }

    func status(of path: String) -> stat? {
        var status = stat()
        return stat(root + path, &status) == 0 ? status : nil
    }

    /// The first directory on the way that may not be entered.
    func closed(_ path: String) -> String? {
        path.indices.dropFirst().filter { path[$0] == "/" }.map { String(path[..<$0]) }.first { place in
            guard let status = status(of: place), status.st_mode & S_IFMT == S_IFDIR else { return false }
            return credentials?.maySearch(mode: status.st_mode, owner: status.st_uid, group: status.st_gid) == false
        }
    }
}
