import Foundation
import GMRCore
import ProcessKit
import Testing

extension ServiceSuites {
    /// What the arguments of oslo.reports' `setup_autorun` mean, where the manuals say nothing of it.
    @Suite(.timeLimit(.minutes(5))) struct OsloArgumentsTests {
        /// There it is one.
        @Test func signumMayBeSeveralAndAnyOfThem() throws {
            let names = ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGRTMIN+3", "SIGRTMAX"]
            try ServiceProcess.with(["--signals", names.joined(separator: ",")]) { service in
                for (index, name) in names.enumerated() {
                    let signal = try #require(SignalNumber(name))
                    service.send(signal.rawValue)
                    let report = try service.reportsOnStandardError(count: index + 1)[index]
                    #expect(report.value("trigger", in: "Guru Meditation")?.hasPrefix("signal \(signal.name) ") == true)
                }
            }
        }

        @Test func withoutSetupSignalTheWatcherGoesOn() throws {
            try ServiceProcess.with(
                ["--no-signals", "--file-event-handler", "DIR/trigger"],
                environment: ["GMR_SIGNALS_BESIDE_FILE": "1", "GMR_SIGNALS": "USR1"]
            ) { directory in
                try Data().write(to: directory.appending(path: "trigger"))
            } body: { service in
                let both: UInt64 = 1 << UInt64(SIGUSR1 - 1) | 1 << UInt64(SIGUSR2 - 1)
                try #expect(service.signalMask("SigCgt") & both == 0)
                service.touch("trigger")
                try #expect(service.reportsOnStandardError().count == 1)
            }
        }

        @Test func anExplicitLogDirBeatsTheConfiguredOne() throws {
            let arguments = ["--service-name", "orders", "--log-dir", "DIR/argument"]
            try ServiceProcess.with(arguments, environment: ["GMR_LOG_DIR": "DIR/configured"]) { service in
                service.send(SIGUSR2)
                _ = try service.directory("argument", of: "orders").nextTextReport()
                #expect(!FileManager.default.fileExists(atPath: service.directory.path + "/configured"))
            }
        }

        /// As Manila's service managers may want it: what a user asks for, he gets.
        @Test func aFileAndSignalsMayBothTrigger() throws {
            try ServiceProcess.with(
                ["--signals", "USR1,USR2", "--file-event-handler", "DIR/trigger"],
                environment: ["GMR_SIGNALS_BESIDE_FILE": "1"]
            ) { directory in
                try Data().write(to: directory.appending(path: "trigger"))
            } body: { service in
                service.send(SIGUSR1)
                _ = try service.reportsOnStandardError(count: 1)
                service.touch("trigger")
                _ = try service.reportsOnStandardError(count: 2)
                service.send(SIGUSR2)
                let triggers = try service.reportsOnStandardError(count: 3).map {
                    $0.value("trigger", in: "Guru Meditation")?.prefix(14)
                }
                #expect(triggers == ["signal SIGUSR1", "the trigger fi", "signal SIGUSR2"])
            }
        }
    }
}
