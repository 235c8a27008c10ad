import GMRCore

/// What a memory cgroup, of either version, says of out-of-memory kills (cgroups(7)).
struct MemoryGroupState: WireCodable, Sendable, Equatable {
    /// As the kernel calls it: `/system.slice/orders.service`.
    var path: String
    private var version: Int
    /// Where its files are.
    private var directory: String
    var killCount: UInt64

    /// That of this process; nil where there is none, or where it is the root, which counts nothing.
    static func own() -> MemoryGroupState? {
        guard
            let place = place(
                cgroup: ProcFile.text("/proc/self/cgroup") ?? "", mounts: ProcFile.text("/proc/self/mountinfo") ?? "")
        else { return nil }
        guard let count = read(place.directory, version: place.version) else { return nil }
        return MemoryGroupState(
            path: place.path, version: place.version, directory: place.directory, killCount: count)
    }

    private init(path: String, version: Int, directory: String, killCount: UInt64) {
        self.path = path
        self.version = version
        self.directory = directory
        self.killCount = killCount
    }

    func encode(to writer: inout WireWriter) {
        writer.write(path)
        writer.write(signed: Int64(version))
        writer.write(directory)
        writer.write(signed: Int64(clamping: killCount))
    }

    init(from reader: inout WireReader) throws(WireError) {
        path = try reader.readString()
        version = try reader.readInt()
        directory = try reader.readString()
        killCount = UInt64(clamping: try reader.readSigned())
    }

    /// What has changed until now.
    func change() -> MemoryGroupChange {
        let count = Self.read(directory, version: version)
        let limit = number(version == 2 ? "memory.max" : "memory.limit_in_bytes")
        return MemoryGroupChange(
            path: path, killCount: count.map { $0 > killCount ? $0 - killCount : 0 },
            // Version 1 writes the largest multiple of a page where there is none.
            limitBytes: limit.flatMap { $0 < 1 << 62 ? $0 : nil },
            peakBytes: number(version == 2 ? "memory.peak" : "memory.max_usage_in_bytes"))
    }

    private func number(_ name: String) -> UInt64? {
        ProcFile.text("\(directory)/\(name)").flatMap { UInt64($0.filter { $0 != "\n" }) }
    }

    private static func read(_ directory: String, version: Int) -> UInt64? {
        ProcFile.text("\(directory)/" + (version == 2 ? "memory.events" : "memory.oom_control")).flatMap(killCount)
    }

    /// Of `memory.events` and `memory.oom_control`, lines `oom_kill 1`.
    static func killCount(in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return UInt64(words[1]) }
        }
        return nil
    }

    struct Place: Equatable {
        var path: String
        var version: Int
        var directory: String
    }

    /// - Parameters:
    ///   - cgroup: `/proc/PID/cgroup`: lines `0::/path` of version 2, and `4:memory:/path` of version 1.
    ///   - mounts: `/proc/self/mountinfo`: `… ROOT POINT OPTIONS … - TYPE SOURCE OPTIONS`.
    static func place(cgroup: String, mounts: String) -> Place? {
        var places: [Place] = []
        for line in cgroup.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isFirst = fields[1].split(separator: ",").contains("memory")
            guard isFirst || (fields[0] == "0" && fields[1].isEmpty) else { continue }
            let path = String(fields[2])
            guard let directory = directory(of: path, isFirst: isFirst, mounts: mounts) else { continue }
            places.append(Place(path: path, version: isFirst ? 1 : 2, directory: directory))
        }
        // Where both are mounted, memory is counted by the one that names it.
        return places.first { $0.version == 1 } ?? places.first
    }

    /// Nil where it is not mounted, or lies outside of what is.
    private static func directory(of path: String, isFirst: Bool, mounts: String) -> String? {
        for mount in mounts.split(separator: "\n").reversed() {
            let halves = mount.split(separator: " - ", maxSplits: 1)
            let fields = (halves.first ?? "").split(separator: " ")
            let kind = (halves.count == 2 ? halves[1] : "").split(separator: " ")
            guard fields.count > 4, kind.count > 2, kind[0] == (isFirst ? "cgroup" : "cgroup2") else { continue }
            if isFirst, !kind[2].split(separator: ",").contains("memory") { continue }
            let root = fields[3] == "/" ? "" : unescaped(fields[3])
            guard path == root || path.hasPrefix(root + "/"), !path.contains("/..") else { continue }
            let below = String(path.dropFirst(root.count))
            return unescaped(fields[4]) + (below == "/" ? "" : below)
        }
        return nil
    }

    /// mountinfo writes blanks, line ends and backslashes as `\040`.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            guard byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(3)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
