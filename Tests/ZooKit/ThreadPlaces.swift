import Glibc

/// Where the threads of a process are: those that wait are in the same places when they are looked at again.
public struct ThreadPlaces: Equatable {
    public struct Restless: Error, CustomStringConvertible {
        public var description: String
    }

    /// Less than whoever waits for a program to get ready has patience.
    private static let deadline = Duration.seconds(20)

    /// Of each thread, by its number: its name, its state, and how often it was switched.
    private var places: [String: String] = [:]

    /// Blocks until all threads sleep, and none has run between two looks; but for GMR's own, and those that are
    /// called `hot-…`.
    /// - Parameters:
    ///   - tasks: Descriptor of `/proc/PID/task`.
    ///   - own: Number of a thread that is left out.
    /// - Throws: `Restless`, where they do not in time, or the process has ended.
    public static func waitForRest(in tasks: Int32, except own: String = "") throws {
        let end = ContinuousClock.now + deadline
        var before: ThreadPlaces?
        var now = try ThreadPlaces(in: tasks, except: own)
        while now != before || !now.areAsleep {
            guard .now < end else {
                throw Restless(description: "a thread does not rest: \(before as Any), then \(now)")
            }
            usleep(10_000)
            before = now
            now = try ThreadPlaces(in: tasks, except: own)
        }
    }

    private init(in tasks: Int32, except own: String) throws {
        // Each look has one of its own, which begins at the first thread.
        guard let directory = fdopendir(openat(tasks, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            throw Restless(description: "its threads cannot be listed: errno \(errno)")
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != own, !name.hasPrefix(".") else { continue }
            // One that has ended meanwhile has none; whom it woke has been switched.
            guard let status = Self.status(tasks, name) else { continue }
            if status.contains("Name:\thot-") || status.contains("Name:\tgmr-") { continue }
            places[name] = status.split(separator: "\n")
                .filter { $0.hasPrefix("Name:") || $0.hasPrefix("State:") || $0.contains("ctxt_switches:") }
                .joined(separator: " ")
        }
    }

    /// A main thread that has ended is a zombie for as long as there are others.
    private var areAsleep: Bool { places.values.allSatisfy { $0.contains("State:\tS") || $0.contains("State:\tZ") } }

    private static func status(_ tasks: Int32, _ name: String) -> String? {
        let file = openat(tasks, name + "/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
