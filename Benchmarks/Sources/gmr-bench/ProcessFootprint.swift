import Glibc

/// What a process uses, from /proc.
struct ProcessFootprint {
    var residentBytes: Int
    /// Of that, what belongs to no file: heap and stacks.
    var anonymousBytes: Int
    var descriptors: Int
    var threads: Int
    /// Voluntary context switches of GMR's own threads.
    var ownSwitches: Int

    init(pid: pid_t) {
        let status = Self.fields("/proc/\(pid)/status")
        residentBytes = (status["VmRSS"] ?? 0) * 1024
        anonymousBytes = (status["RssAnon"] ?? 0) * 1024
        threads = status["Threads"] ?? 0
        var largestTable = 0
        ownSwitches = 0
        for tid in Self.names("/proc/\(pid)/task") {
            // The agent may have a descriptor table of its own.
            largestTable = max(largestTable, Self.names("/proc/\(pid)/task/\(tid)/fd").count)
            guard Self.text("/proc/\(pid)/task/\(tid)/comm").hasPrefix("gmr-") else { continue }
            ownSwitches += Self.fields("/proc/\(pid)/task/\(tid)/status")["voluntary_ctxt_switches"] ?? 0
        }
        descriptors = largestTable
    }

    private static func fields(_ path: String) -> [String: Int] {
        var fields: [String: Int] = [:]
        for line in text(path).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].split(whereSeparator: { $0 == " " || $0 == "\t" }).first.flatMap { Int($0) }
            if let value { fields[String(parts[0])] = value }
        }
        return fields
    }

    private static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
    }

    private static func names(_ directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
