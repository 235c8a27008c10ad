import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// Nova's manual, "Generating a GMR", 7: uWSGI takes SIGUSR2 for itself, so a file is the trigger there. The signals
    /// stay what the framework has made of them.
    @Suite(.timeLimit(.minutes(5))) struct ParentFrameworkTests {
        private static let arguments = ["--service-name", "nova-api", "--file-event-handler", "DIR/gmr_trigger"]
        private static let bit: UInt64 = 1 << UInt64(SIGUSR2 - 1)

        private func with(
            _ framework: [String], shell: String? = nil, body: (ServiceProcess) throws -> Void
        ) throws {
            try ServiceProcess.with(
                Self.arguments + framework, environment: ["GMR_LOG_DIR": "DIR/reports"], shell: shell
            ) { directory in
                try Data().write(to: directory.appending(path: "gmr_trigger"))
            } body: {
                try body($0)
            }
        }

        private func expectReportByFile(of service: ServiceProcess) throws {
            service.touch("gmr_trigger")
            let report = try service.directory("reports", of: "nova-api").nextTextReport()
            #expect(report.value("trigger", in: "Guru Meditation") == "the trigger file was touched")
            #expect(report.stacks.count >= 3)
            #expect(report["Completeness"]?.contains("SIGUSR2") == false)
        }

        @Test(arguments: ["handler-before", "handler-after"])
        func itsHandlerStaysAndTheFileMakesReports(framework: String) throws {
            try with(["--framework", framework]) { service in
                try #expect(service.signalMask("SigCgt") & Self.bit != 0)
                service.send(SIGUSR2)
                try #expect(service.process.readLine() == "framework")
                // The signal made none: the file's is the first.
                try expectReportByFile(of: service)
                service.send(SIGUSR2)
                try #expect(service.process.readLine() == "framework")
                try #expect(service.directory("reports", of: "nova-api").names().count == 1)
            }
        }

        @Test func aSignalThatItIgnoresStaysIgnored() throws {
            try with(["--framework", "ignored"]) { service in
                try #expect(service.signalMask("SigIgn") & Self.bit != 0)
                service.send(SIGUSR2)
                try expectReportByFile(of: service)
            }
        }

        /// As a parent process hands it on.
        @Test func aSignalThatTheParentIgnoresStaysIgnored() throws {
            try with([], shell: "trap '' USR1 USR2; exec \"$0\" \"$@\"") { service in
                let both = Self.bit | 1 << UInt64(SIGUSR1 - 1)
                try #expect(service.signalMask("SigIgn") & both == both)
                try expectReportByFile(of: service)
            }
        }

        @Test func aSignalThatItBlocksStaysPending() throws {
            try with(["--framework", "blocked"]) { service in
                service.send(SIGUSR2)
                try expectReportByFile(of: service)
                try #expect(service.signalMask("ShdPnd") & Self.bit != 0)
            }
        }

        /// Its handler is called where its descriptors are, though all its threads mask the signal.
        @Test func anEventLoopIsToldOfTheSignalThatMakesAReport() throws {
            try ServiceProcess.with(["--framework", "self-pipe"]) { service in
                for count in 1...5 {
                    service.send(SIGUSR2)
                    try #expect(service.process.readLine() == "framework")
                    _ = try service.reportsOnStandardError(count: count)
                }
            }
        }

        /// Where a pre-forking framework has started several workers.
        @Test func allItsWorkersWatchOneFile() throws {
            try with(["--framework", "handler-before"]) { one in
                let trigger = one.directory.path + "/gmr_trigger"
                let arguments = [
                    "--service-name", "nova-api", "--file-event-handler", trigger, "--framework", "ignored",
                ]
                try ServiceProcess.with(arguments, environment: ["GMR_LOG_DIR": "DIR/reports"]) { other in
                    one.touch("gmr_trigger")
                    for service in [one, other] {
                        let report = try service.directory("reports", of: "nova-api").nextTextReport()
                        #expect(report.value("process", in: "Guru Meditation") == "\(service.pid)")
                    }
                }
            }
        }
    }
}
