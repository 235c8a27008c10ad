import GMRCore
import Glibc

/// Removes a service's oldest reports from a directory: never the newest one, never anything but regular files of this
/// user that are named as its reports are.
struct Retention {
    let directory: String
    let serviceName: String
    /// Nil: as many as there are.
    let maximumCount: Int?
    let maximumByteCount: Int?

    private struct File {
        var path: String
        var byteCount: Int
    }

    /// What cannot be removed stays; the next report tries again.
    func apply() {
        guard maximumCount != nil || maximumByteCount != nil else { return }
        var count = 0
        var byteCount = 0
        for files in reports().reversed() {
            count += 1
            byteCount += files.reduce(0) { $0 + $1.byteCount }
            let isKept = count == 1 || count <= maximumCount ?? .max && byteCount <= maximumByteCount ?? .max
            if !isKept { for file in files { unlink(file.path) } }
        }
    }

    /// The files of each report, in several formats perhaps, the oldest first.
    private func reports() -> [[File]] {
        var files: [(name: ReportFileName, file: File)] = []
        for entry in ProcFile.names(in: directory) {
            guard let name = ReportFileName(entry, serviceName: serviceName) else { continue }
            let path = directory + "/" + entry
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
                continue
            }
            files.append((name, File(path: path, byteCount: Int(status.st_size))))
        }
        var reports: [[File]] = []
        var last: ReportFileName?
        for (name, file) in files.sorted(by: { $0.name < $1.name }) {
            if let last, last.digits == name.digits, last.sequence == name.sequence {
                reports[reports.count - 1].append(file)
            } else {
                reports.append([file])
            }
            last = name
        }
        return reports
    }
}
