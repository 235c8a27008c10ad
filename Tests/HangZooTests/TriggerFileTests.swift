import Foundation
import Testing

extension ZooSuites {
    /// A trigger file, as the environment names it.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct TriggerFileTests {
        @Test(.timeLimit(.minutes(5)), arguments: ["mutex", "malloc-lock-all", "dlopen-constructor", "memory-limit"])
        func aProcessThatIsStuckAnswersATouchedFile(_ name: String) throws {
            try Self.withFile { file in
                try withZoo(ZooCatalog.named(name), environment: Self.environment(file)) { zoo in
                    #expect(utimensat(AT_FDCWD, file, nil, 0) == 0)
                    let report = try zoo.logDirectory.nextReport(within: .seconds(30))
                    #expect(report.triggerKind == "file")
                    #expect(report.threadsCaptured == report.threadsFound)
                    #expect(report.threads(named: "gmr-watcher").isEmpty)
                }
            }
        }

        /// Without a descriptor table of its own GMR keeps no descriptor for inotify, and looks.
        @Test(.timeLimit(.minutes(5)))
        func withoutInotifyTheFileIsLookedAt() throws {
            try Self.withFile { file in
                let environment = Self.environment(file).merging(["ZOO_FORBID_UNSHARE": "1"]) { $1 }
                try withZoo(ZooCatalog.named("closed-descriptors"), environment: environment) { zoo in
                    #expect(utimensat(AT_FDCWD, file, nil, 0) == 0)
                    try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).triggerKind == "file")
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func manyProcessesMayWatchOneFile() throws {
            try Self.withFile { file in
                try withZoo(ZooCatalog.named("mutex"), environment: Self.environment(file)) { one in
                    try withZoo(ZooCatalog.named("mutex"), environment: Self.environment(file)) { other in
                        for _ in 0..<2 {
                            #expect(utimensat(AT_FDCWD, file, nil, 0) == 0)
                            for zoo in [one, other] {
                                try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).triggerKind == "file")
                            }
                        }
                    }
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func itReplacesTheSignalsUnlessBothAreWanted() throws {
            try Self.withFile { file in
                try withZoo(ZooCatalog.named("mutex"), environment: Self.environment(file)) { zoo in
                    try #expect(Self.isCaught(SIGUSR2, by: zoo) == false)
                    try #expect(Self.isCaught(SIGPROF, by: zoo))
                }
                let both = Self.environment(file).merging(["GMR_SIGNALS_BESIDE_FILE": "1"]) { $1 }
                try withZoo(ZooCatalog.named("mutex"), environment: both) { zoo in
                    try #expect(Self.isCaught(SIGUSR2, by: zoo))
                    try #expect(zoo.report().triggerKind == "signal")
                    #expect(utimensat(AT_FDCWD, file, nil, 0) == 0)
                    try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).triggerKind == "file")
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aFileThatIsNotThereCostsOneLineAndIsWaitedFor() throws {
            try Self.withFile { file in
                try FileManager.default.removeItem(atPath: file)
                try withZoo(ZooCatalog.named("mutex"), environment: Self.environment(file)) { zoo in
                    let lines = zoo.standardError.split(separator: "\n")
                    #expect(lines.count == 1)
                    #expect(lines.first?.contains("\(file) cannot be used: No such file or directory") == true)
                    #expect(lines.first?.contains("Create it (touch \(file)).") == true)
                    try Data().write(to: URL(filePath: file))
                    try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).triggerKind == "file")
                }
            }
        }

        /// The looks at the signals are few, and without signals there are none.
        @Test(.timeLimit(.minutes(5)), arguments: [("none", 0), ("USR2", 3)])
        func withoutAFileTheAgentSleeps(signals: String, wakeUpLimit: Int) throws {
            try withZoo(ZooCatalog.named("mutex"), environment: ["GMR_SIGNALS": signals]) { zoo in
                try #expect(Self.thread("gmr-watcher", of: zoo) == nil)
                let agent = try #require(try Self.thread("gmr-agent", of: zoo))
                while !(try Self.status("State", of: agent).hasPrefix("S")) { usleep(1_000) }
                let before = try Self.sleepCount(of: agent)
                Thread.sleep(forTimeInterval: 2)  // what is measured, not waited for
                try #expect(Self.sleepCount(of: agent) - before <= wakeUpLimit)
            }
        }

        // MARK: The file and the process

        private static func environment(_ file: String) -> [String: String] {
            ["GMR_FILE_EVENT_HANDLER": file, "GMR_FILE_EVENT_HANDLER_INTERVAL": "0.2"]
        }

        private static func withFile(_ body: (String) throws -> Void) throws {
            let file = FileManager.default.temporaryDirectory.appending(path: "trigger-\(UUID().uuidString)")
            try Data().write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            try body(file.path)
        }

        private static func isCaught(_ signal: Int32, by zoo: ZooProcess) throws -> Bool {
            let caught = try UInt64(status("SigCgt", of: "/proc/\(zoo.pid)"), radix: 16)
            return try #require(caught) >> UInt64(signal - 1) & 1 == 1
        }

        /// `/proc/PID/task/TID`
        private static func thread(_ name: String, of zoo: ZooProcess) throws -> String? {
            let tasks = "/proc/\(zoo.pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).map { "\(tasks)/\($0)" }
                .first { try String(contentsOfFile: "\($0)/comm", encoding: .utf8) == name + "\n" }
        }

        private static func sleepCount(of thread: String) throws -> Int {
            try #require(Int(status("voluntary_ctxt_switches", of: thread)))
        }

        private static func status(_ key: String, of folder: String) throws -> String {
            let lines = try String(contentsOfFile: "\(folder)/status", encoding: .utf8).split(separator: "\n")
            return String(lines.first { $0.hasPrefix(key + ":") }?.dropFirst(key.count + 2) ?? "")
        }
    }
}
