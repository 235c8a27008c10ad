/// The files that a process has mapped, from `/proc/PID/maps`.
struct MappedFiles {
    struct File: Equatable {
        /// Without the ` (deleted)` of the kernel.
        var path: String
        /// Its name leads elsewhere or nowhere by now.
        var isDeleted: Bool
        /// Code of it is mapped.
        var isCode: Bool
    }

    /// Each once, in the order of their first addresses. What is no file, such as `[stack]`, is left out.
    private(set) var files: [File] = []

    init(_ text: String) {
        var indices: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            // `address perms offset dev inode path`; only the path may hold spaces.
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6 else { continue }
            let name = fields[5].drop { $0 == " " }
            guard name.hasPrefix("/") else { continue }
            let isCode = fields[1].contains("x")
            if let index = indices[String(name)] {
                if isCode { files[index].isCode = true }
                continue
            }
            let isDeleted = name.hasSuffix(Self.deleted)
            let path = String(isDeleted ? name.dropLast(Self.deleted.count) : name)
            indices[String(name)] = files.count
            files.append(File(path: path, isDeleted: isDeleted, isCode: isCode))
        }
    }

    static let deleted = " (deleted)"

    /// GMR's arena, which every set-up has; a fork child has not inherited it.
    var hasArena: Bool { files.contains { $0.path == "/memfd:gmr-arena" } }

    /// `libgmr.so`, as `make preload` calls it, or one with a version behind.
    var library: String? {
        files.first { file in
            let name = file.path.split(separator: "/").last ?? ""
            return name == "libgmr.so" || name.hasPrefix("libgmr.so.")
        }?.path
    }

    /// What code is executed of and has a name in a file system.
    var code: [File] { files.filter { $0.isCode && !$0.path.hasPrefix("/memfd:") } }
}
