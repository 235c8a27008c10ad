import Glibc

/// Where the threads of a process are: those that wait are in the same places when they are looked at again.
public struct ThreadPlaces: Equatable {
    public struct Restless: Error, CustomStringConvertible {
        public var description: String
    }

    private static let deadline = Duration.seconds(60)

    /// Of each thread, by its number: its name, its state, and how often it was switched.
    private var places: [String: String] = [:]

    /// Blocks until all threads sleep, and none has run between two looks; but for GMR's own, and those that are
    /// called `hot-…`.
    /// - Parameters:
    ///   - tasks: Descriptor of `/proc/PID/task`.
    ///   - own: Number of a thread that is left out.
    /// - Throws: `Restless`, after a minute.
    public static func waitForRest(in tasks: Int32, except own: String = "") throws {
        let end = ContinuousClock.now + deadline
        var (before, now) = (ThreadPlaces(), ThreadPlaces(in: tasks, except: own))
        while now != before || !now.areAsleep {
            guard .now < end else { throw Restless(description: "a thread does not rest: \(before), then \(now)") }
            usleep(10_000)
            (before, now) = (now, ThreadPlaces(in: tasks, except: own))
        }
    }

    private init() {}

    private init(in tasks: Int32, except own: String) {
        // Each look has one of its own, which begins at the first thread.
        guard let directory = fdopendir(openat(tasks, ".", O_RDONLY | O_DIRECTORY)) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != own, !name.hasPrefix(".") else { continue }
            let status = Self.status(tasks, name)
            if status.contains("Name:\thot-") || status.contains("Name:\tgmr-") { continue }
            places[name] = status.split(separator: "\n")
                .filter { $0.hasPrefix("Name:") || $0.hasPrefix("State:") || $0.contains("ctxt_switches:") }
                .joined(separator: " ")
        }
    }

    /// A main thread that has ended is a zombie for as long as there are others.
    private var areAsleep: Bool { places.values.allSatisfy { $0.contains("State:\tS") || $0.contains("State:\tZ") } }

    private static func status(_ tasks: Int32, _ name: String) -> String {
        let file = openat(tasks, name + "/status", O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
