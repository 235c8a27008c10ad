import GMRCore
import Glibc

/// A file that triggers reports, as a path that stays right when the service changes its working directory.
struct TriggerFile {
    let path: String

    init(_ path: String) {
        self.path = path.hasPrefix("/") ? path : (ProcFile.link("/proc/self/cwd") ?? "") + "/" + path
    }

    /// What is wrong with it; nil where it is a regular file.
    var problem: GuruMeditationError? {
        var status = stat()
        if stat(path, &status) != 0 { return GuruMeditationError(.unusableTriggerFile, path, errorNumber: errno) }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        return isRegular ? nil : GuruMeditationError(.unusableTriggerFile, path)
    }
}
