import Glibc

/// The directory for reports, as a path that stays right when the service changes its working directory.
struct LogDirectory {
    let path: String

    init(_ path: String) {
        self.path = path.hasPrefix("/") ? path : (ProcFile.link("/proc/self/cwd") ?? "") + "/" + path
    }

    /// Makes it where it is missing, with the directories above it.
    /// - Returns: 0 where reports can be written there, errno otherwise.
    func prepare() -> Int32 {
        if let error = problem(), error != ENOENT { return error }
        if problem() == nil { return 0 }
        for index in path.indices.dropFirst() where path[index] == "/" {
            _ = mkdir(String(path[..<index]), 0o755)  // exists, or the next step says why not
        }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return errno }
        return problem() ?? 0
    }

    private func problem() -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return faccessat(descriptor, ".", W_OK | X_OK, AT_EACCESS) == 0 ? nil : errno
    }
}
