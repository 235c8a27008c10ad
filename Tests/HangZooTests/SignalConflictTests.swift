import Foundation
import Testing

extension ZooSuites {
    /// Other code wants the trigger signal too. Somebody is told, on standard error and in each report.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct SignalConflictTests {
        /// Asks for a report by another signal than the one in question.
        private static let other = Int32(37)  // SIGRTMIN+3
        private static let advice = "GMR_SIGNALS=SIGRTMIN+3 and kill -RTMIN+3 PID"

        @Test(.timeLimit(.minutes(5)))
        func aSignalThatWasIgnoredIsAnsweredAndToldOf() throws {
            try Self.withChangedZoo(before: "ignore") { zoo in
                let lines = zoo.standardError.split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.first?.hasPrefix("gmr: SIGUSR2 was ignored before; GMR answers it now. ") == true)
                #expect(lines.first?.hasSuffix(Self.advice) == true)
                let report = try zoo.report()
                #expect(report.gaps.isEmpty)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func anEarlierHandlerIsChainedInSilence() throws {
            try Self.withChangedZoo(before: "handle") { zoo in
                #expect(zoo.standardError.isEmpty)
                try #expect(zoo.report().gaps.isEmpty)
            }
        }

        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                ("ignore", "SIGUSR2 does not make reports any more: other code has set it to be ignored"),
                ("default", "SIGUSR2 does not make reports any more: other code has set it to its default action"),
                ("handle", "SIGUSR2 is handled by other code now; unless that code passes it on, it makes no report"),
            ])
        func eachReportTellsOfASignalThatWasTakenAway(change: String, text: String) throws {
            try Self.withChangedZoo(later: change) { zoo in
                #expect(!zoo.standardError.contains("gmr:"))
                try Self.change(zoo)
                for _ in 0..<2 {
                    kill(zoo.pid, Self.other)
                    try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).gaps == [text])
                }
                try zoo.waitForStandardError("gmr: \(text). ")
                #expect(zoo.standardError.components(separatedBy: "gmr: SIGUSR2").count == 2, "it is told once")
                #expect(zoo.standardError.contains(Self.advice))
            }
        }

        /// Nobody asks for a report, which would be too late to hear of it.
        @Test(.timeLimit(.minutes(5)), arguments: [nil, "0.02"])
        func aSignalThatWasTakenAwayIsToldOfBeforeItIsNeeded(watcherInterval: String?) throws {
            let file = FileManager.default.temporaryDirectory.appending(path: "trigger-\(UUID().uuidString)")
            try Data().write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            var environment: [String: String] = [:]
            if let watcherInterval {
                environment = [
                    "GMR_FILE_EVENT_HANDLER": file.path, "GMR_FILE_EVENT_HANDLER_INTERVAL": watcherInterval,
                    "GMR_SIGNALS_BESIDE_FILE": "1",
                ]
            }
            try Self.withChangedZoo(later: "ignore", environment: environment) { zoo in
                try Self.change(zoo)
                try zoo.waitForStandardError("gmr: SIGUSR2 does not make reports any more", within: .seconds(30))
            }
        }

        /// libdispatch's handler replaces GMR's, which puts its own over that one: whichever comes first, a report comes,
        /// if not for each signal, and libdispatch gets them all.
        @Test(.timeLimit(.minutes(5)), arguments: ["before", "later"])
        func aSignalSourceOfDispatchIsToldOfAndBothGetTheSignal(order: String) throws {
            let before = order == "before" ? "dispatch" : nil
            let later = order == "later" ? "dispatch" : nil
            try Self.withChangedZoo(before: before, later: later) { zoo in
                if later != nil { try Self.change(zoo) }
                kill(zoo.pid, Self.other)
                let text = "SIGUSR2 is read from a signalfd too"
                try #expect(zoo.logDirectory.nextReport(within: .seconds(30)).gaps.first?.hasPrefix(text) == true)
                try zoo.waitForStandardError("gmr: \(text)")
                var sent = 0
                var report: GMRReport?
                while report == nil, sent < 40 {
                    kill(zoo.pid, SIGUSR2)
                    sent += 1
                    report = try? zoo.logDirectory.nextReport(within: .seconds(1))
                    try Self.waitUntilDispatchSaw(sent, in: zoo)
                }
                #expect(report?.triggerKind == "signal")
            }
        }

        // MARK: The zoo

        @available(*, noasync)
        private static func withChangedZoo(
            before: String? = nil, later: String? = nil, environment: [String: String] = [:],
            _ body: (ZooProcess) throws -> Void
        ) throws {
            let directory = FileManager.default.temporaryDirectory.appending(path: "changer-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            var environment = environment.merging(["GMR_SIGNALS": "USR2,SIGRTMIN+3"]) { $1 }
            environment["LD_PRELOAD"] = try ZooPlugin.build("signal_changer", into: directory)
            environment["CHANGER_BEFORE"] = before
            environment["CHANGER_LATER"] = later
            try withZoo(ZooCatalog.named("mutex"), environment: environment, body)
        }

        @available(*, noasync)
        private static func waitUntilDispatchSaw(_ count: Int, in zoo: ZooProcess) throws {
            let end = ContinuousClock.now + .seconds(20)
            while zoo.standardError.components(separatedBy: "changer: dispatch saw it").count - 1 < count {
                guard ContinuousClock.now < end else {
                    throw ObservationFailure(description: "signal \(count) is missing: \(zoo.standardError)")
                }
                usleep(2000)
            }
        }

        @available(*, noasync)
        private static func change(_ zoo: ZooProcess) throws {
            kill(zoo.pid, SIGUSR1)
            try zoo.waitForStandardError("changer: done")
        }
    }
}
