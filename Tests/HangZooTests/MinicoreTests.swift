import CUnwindShim
import Foundation
import ProcessKit
import Testing

extension ZooSuites {
    /// gdb sees in a minicore what it sees in the process.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct MinicoreTests {
        private static let sizeLimit = 2 << 20
        /// Of the processor's time; 65 threads take a millisecond.
        private static let timeLimit: Duration = .milliseconds(100)

        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                "threads-64", "syscalls-20", "deep-recursion", "signal-frame", "signal-stack", "gcc-frames", "leaf",
                "main-exited", "not-dumpable", "dlopen-constructor", "swift-closures",
            ])
        func gdbSeesTheStacksOfTheProcess(_ name: String) throws {
            let zooCase = ZooCatalog.named(name)
            try withMinicores(of: zooCase) { zoo, cores, report in
                try #expect(cores.result("alive").error == 0)
                try ZooSuites.expectSameStacks(core: cores.alive, as: zoo, in: zooCase, report)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func itIsSmallAndQuick() throws {
            try withMinicores(of: ZooCatalog.named("threads-64")) { _, cores, _ in
                let result = try cores.result("alive")
                try #expect(size(of: cores.alive) < Self.sizeLimit)
                #expect(result.duration < Self.timeLimit)
            }
        }

        /// What a stack holds beyond its frames: there lies the environment of the process.
        @Test(.timeLimit(.minutes(5)))
        func itDoesNotHoldTheEnvironment() throws {
            let secret = "minicore-\(UUID().uuidString)"
            try withMinicores(of: ZooCatalog.named("mutex"), environment: ["ZOO_SECRET": secret]) { _, cores, _ in
                let core = try Data(contentsOf: URL(filePath: cores.alive))
                #expect(core.range(of: Data(secret.utf8)) == nil)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func theCrashedThreadIsSelectedWithItsSignal() throws {
            try withMinicores(of: ZooCatalog.named("threads-64")) { zoo, cores, report in
                try #expect(cores.result("crashed").error == 0)
                let crashed = try #require(report.threads.map(\.observed.tid).max())
                #expect(crashed != zoo.pid)
                let threads = try GDBObserver().threads(inCore: cores.crashed, of: ZooProcess.debugExecutable.path)
                #expect(threads.first?.tid == crashed)
                #expect(threads.count == report.threads.count)
                let signal = try GDBObserver.signal(inCore: cores.crashed, of: ZooProcess.debugExecutable.path)
                #expect(signal == "SIGSEGV 1 0xdeadbeef")
            }
        }

        /// The list ends where it bites its tail; threads and files are there.
        @Test(.timeLimit(.minutes(5)))
        func aBrokenChainOfLibrariesEndsWhereItIsBroken() throws {
            try withMinicores(of: ZooCatalog.named("mutex")) { _, cores, report in
                let result = try cores.result("loop")
                #expect(result.error == 0)
                #expect(result.duration < Self.timeLimit)
                try #expect(size(of: cores.loop) < size(of: cores.alive))
                let threads = try GDBObserver().threads(inCore: cores.loop, of: ZooProcess.debugExecutable.path)
                #expect(Set(threads.map(\.tid)) == Set(report.threads.map(\.observed.tid)))
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aFullDeviceIsAnError() throws {
            try withMinicores(of: ZooCatalog.named("mutex")) { _, cores, _ in
                try #expect(cores.result("full").error == -ENOSPC)
            }
        }

        /// As a helper process does it, which has nothing of the process but its arena.
        @Test(.timeLimit(.minutes(5)), arguments: ["threads-64", "main-exited", "deep-recursion"])
        func anotherProcessMayWriteIt(_ name: String) throws {
            let zooCase = ZooCatalog.named(name)
            var core = ""
            func writeFromOutside(_ zoo: ZooProcess, _ path: String) throws {
                core = path + ".outside"
                let arena = try #require(try Self.arena(of: zoo.pid))
                defer { munmap(arena, Int(arena.pointee.arena_bytes)) }
                let descriptor = open(core, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                defer { close(descriptor) }
                #expect(gmr_minicore_write(arena, nil, descriptor) == 0)
            }
            try withMinicores(of: zooCase, outsider: writeFromOutside) { zoo, _, report in
                try ZooSuites.expectSameStacks(core: core, as: zoo, in: zooCase, report)
            }
        }

        /// Maps it from the agent thread's descriptor.
        private static func arena(of pid: Int32) throws -> UnsafeMutablePointer<gmr_arena_header_t>? {
            let files = FileManager.default
            for tid in try files.contentsOfDirectory(atPath: "/proc/\(pid)/task") {
                let directory = "/proc/\(pid)/task/\(tid)/fd"
                for name in (try? files.contentsOfDirectory(atPath: directory)) ?? [] {
                    let target = try? files.destinationOfSymbolicLink(atPath: "\(directory)/\(name)")
                    guard target?.hasPrefix("/memfd:gmr-arena") == true else { continue }
                    let descriptor = open("\(directory)/\(name)", O_RDWR | O_CLOEXEC)
                    defer { close(descriptor) }
                    return gmr_arena_map(descriptor)
                }
            }
            return nil
        }

        private func size(of path: String) throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        }
    }
}

extension ZooSuites.MinicoreTests {
    /// What Tests/HangZoo/ZooMinicore.swift wrote.
    private struct Cores {
        var path: String
        var data: [String: [String: Int]]

        var alive: String { path }
        var crashed: String { path + ".crashed" }
        var loop: String { path + ".loop" }

        func result(_ name: String) throws -> (error: Int32, duration: Duration) {
            let result = try #require(data[name], "\(data)")
            return (Int32(try #require(result["error"])), .microseconds(try #require(result["microseconds"])))
        }
    }

    /// Has the process write its minicores during a report, and `outsider` do what it likes in the same time.
    @available(*, noasync)
    private func withMinicores(
        of zooCase: ZooCase, environment: [String: String] = [:],
        outsider: ((ZooProcess, String) throws -> Void)? = nil,
        _ body: (ZooProcess, Cores, GMRReport) throws -> Void
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "core").path
        var environment = environment.merging(["ZOO_MINICORE": path]) { $1 }
        if outsider != nil { environment["ZOO_MINICORE_WAITS"] = "1" }
        try ZooSuites.withZoo(zooCase, environment: environment) { zoo in
            if let outsider {
                kill(zoo.pid, SIGUSR2)
                try waitForFile(path + ".written")
                defer { _ = FileManager.default.createFile(atPath: path + ".done", contents: nil) }
                try outsider(zoo, path)
            } else {
                kill(zoo.pid, SIGUSR2)
            }
            let report = try zoo.logDirectory.nextReport(within: .seconds(30))
            let data = try #require(report.sectionData["Minicore"] as? [String: [String: Int]], "\(zoo.standardError)")
            try body(zoo, Cores(path: path, data: data), report)
        }
    }

    @available(*, noasync)
    private func waitForFile(_ path: String) throws {
        let end = ContinuousClock.now + .seconds(20)
        while !FileManager.default.fileExists(atPath: path) {
            guard ContinuousClock.now < end else { throw ObservationFailure(description: "no file \(path)") }
            usleep(2000)
        }
    }
}
