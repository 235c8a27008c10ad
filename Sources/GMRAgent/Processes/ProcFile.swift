import Glibc

/// Small files of `/proc`, read whole. Nothing is thrown: a process may vanish at any moment.
package enum ProcFile {
    /// At most `limit` bytes; nil where the file cannot be read.
    package static func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
            var result: [UInt8] = []
            while result.count < limit {
                let count = read(descriptor, buffer.baseAddress, min(limit - result.count, buffer.count))
                if count <= 0 { break }
                result += buffer[..<count]
            }
            return result
        }
    }

    package static func text(_ path: String, limit: Int = 1 << 20) -> String? {
        bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The strings of a file that separates them by NUL, as `cmdline` does.
    package static func strings(_ path: String) -> [String] {
        guard var bytes = bytes(path) else { return [] }
        if bytes.last == 0 { bytes.removeLast() }
        if bytes.isEmpty { return [] }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Where a symbolic link leads.
    package static func link(_ path: String) -> String? {
        let capacity = 4096
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
            let count = readlink(path, buffer.baseAddress!, capacity)
            return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }

    /// How many names a directory has; nil where it may not be read.
    package static func count(in directory: String) -> Int? {
        entries(of: directory)?.count
    }

    /// The names in a directory, `.` and `..` left out.
    package static func names(in directory: String) -> [String] {
        entries(of: directory) ?? []
    }

    private static func entries(of directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
