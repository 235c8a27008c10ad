import Foundation
import ProcessKit

/// The helper process that stands by for one service.
struct StandbyProcess {
    let pid: Int32

    /// Of a service that has one. A descriptor of the helper refers to the service.
    init(of service: Int32) throws {
        guard let pid = Self.all(of: service).first else { throw ProcessFailure(description: "no helper stands by") }
        self.pid = pid
    }

    /// Of the report that is under way, with the process that keeps it.
    static func helpers(of service: Int32) -> [Int32] {
        children(of: service).flatMap { [$0] + children(of: $0) }
    }

    private static func children(of pid: Int32) -> [Int32] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.flatMap { tid in
            (text("/proc/\(pid)/task/\(tid)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// Those that are no zombies.
    static func all(of service: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            text("/proc/\(pid)/cmdline") == "gmr-report-standby\0"
                && text("/proc/\(pid)/fdinfo/5")?.contains("\nPid:\t\(service)\n") == true
        }
    }

    var isThere: Bool { Self.text("/proc/\(pid)/cmdline") == "gmr-report-standby\0" }

    /// Asleep, with no report under way.
    var isIdle: Bool {
        // In this order: it waits for a child, and goes on.
        Self.text("/proc/\(pid)/task/\(pid)/children") == "" && field("State") == "S (sleeping)"
    }

    var parent: Int32? { field("PPid").flatMap { Int32($0) } }

    /// A line of `/proc/PID/status`.
    func field(_ name: String) -> String? {
        Self.text("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// Descriptors and where they lead.
    var descriptors: [String: String] {
        let directory = "/proc/\(pid)/fd"
        var result: [String: String] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            result[name] = try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/" + name)
        }
        return result
    }

    /// In ticks of the kernel's clock, user and system.
    var processorTicks: [Substring] {
        let stat = Self.text("/proc/\(pid)/stat") ?? ""
        return stat.split(separator: ")").last.map { Array($0.split(separator: " ")[11...12]) } ?? []
    }

    /// Blocks.
    @available(*, noasync)
    func waitForEnd(within deadline: Duration = .seconds(30)) throws {
        let end = ContinuousClock.now + deadline
        while isThere {
            guard ContinuousClock.now < end else {
                throw ProcessFailure(description: "the helper \(pid) still stands by")
            }
            usleep(2000)
        }
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
