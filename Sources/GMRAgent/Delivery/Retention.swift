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
        var name: ReportFileName
        var path: String
        var byteCount: Int
    }

    /// Sums of larger ones might overflow.
    private static let largestByteCount = 1 << 40

    /// What cannot be removed stays; the next report tries again.
    /// - Parameter isNewest: What is younger than all the rest whatever its name says: the clock may have been set back.
    func apply(isNewest: (ReportFileName) -> Bool = { _ in false }) {
        guard maximumCount != nil || maximumByteCount != nil else { return }
        var count = 0
        var byteCount = 0
        let youngestFirst = reports().reversed()
        let newest = youngestFirst.filter { isNewest($0[0].name) }
        for files in newest + youngestFirst.filter({ !isNewest($0[0].name) }) {
            count += 1
            byteCount += files.reduce(0) { $0 + $1.byteCount }
            let isKept = count == 1 || count <= maximumCount ?? .max && byteCount <= maximumByteCount ?? .max
            if !isKept { for file in files { unlink(file.path) } }
        }
    }

    /// The files of each report, in several formats perhaps, the oldest first.
    private func reports() -> [[File]] {
        var files: [File] = []
        for entry in ProcFile.names(in: directory) {
            guard let name = ReportFileName(entry, serviceName: serviceName) else { continue }
            let path = directory + "/" + entry
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
                continue
            }
            let byteCount = min(Int(status.st_size), Self.largestByteCount)
            files.append(File(name: name, path: path, byteCount: byteCount))
        }
        var reports: [[File]] = []
        for file in files.sorted(by: { $0.name < $1.name }) {
            if let last = reports.last?[0].name, last.digits == file.name.digits, last.sequence == file.name.sequence {
                reports[reports.count - 1].append(file)
            } else {
                reports.append([file])
            }
        }
        return reports
    }
}
