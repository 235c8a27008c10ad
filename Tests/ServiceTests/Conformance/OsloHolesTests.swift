import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// What is known to fail with oslo.reports 3.9.0.
    @Suite(.timeLimit(.minutes(5))) struct OsloHolesTests {
        private static let toDirectory = ["--service-name", "orders", "--log-dir", "DIR/reports"]

        /// There the second one overwrites the first.
        @Test func reportsOfOneSecondHaveNamesOfTheirOwn() throws {
            try ServiceProcess.with(Self.toDirectory) { service in
                let directory = service.directory("reports", of: "orders")
                var names: [String] = []
                var perSecond: [Substring: Int] = [:]
                while perSecond.values.max() ?? 0 < 3, names.count < 100 {
                    service.send(SIGUSR2)
                    names.append(try directory.nextName(within: .seconds(30)))
                    perSecond[names[names.count - 1].prefix(36), default: 0] += 1
                }
                #expect(perSecond.values.max() == 3)
                try #expect(directory.names().sorted() == names.sorted())
                for name in names { _ = try TextReport(file: directory.url.appending(path: name)) }
            }
        }

        /// There it is 0644.
        @Test func aReportIsReadableByItsOwnerOnly() throws {
            try ServiceProcess.with(Self.toDirectory, shell: "umask 0; exec \"$0\" \"$@\"") { service in
                let directory = service.directory("reports", of: "orders")
                service.send(SIGUSR2)
                let path = directory.url.appending(path: try directory.nextName(within: .seconds(30))).path
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
        }

        /// There it is written in place. Here what has the name of a report is a whole one, from the first moment.
        @Test func aReportIsThereAsAWhole() throws {
            try ServiceProcess.with(Self.toDirectory) { service in
                let directory = service.directory("reports", of: "orders")
                for _ in 0..<20 {
                    service.send(SIGUSR2)
                    _ = try directory.nextTextReport()
                }
            }
        }

        /// There the whole report is lost.
        @Test func aSectionThatThrowsCostsItsOwnPlaceOnly() throws {
            let sections = ["--section", "Before", "--broken-section"]
            try ServiceProcess.with(sections) { service in
                service.send(SIGUSR2)
                let report = try service.reportsOnStandardError()[0]
                #expect(report.value("leader", in: "Before") == "node-1")
                #expect(report["Broken Section"]?.hasPrefix("This section is missing: ") == true)
                #expect(report.stacks.count >= 3)
            }
        }

        /// There the report is lost, and one line says so.
        @Test func aDirectoryThatCannotBeWrittenToSendsItToStandardError() throws {
            try ServiceProcess.with(Self.toDirectory) { service in
                let path = service.directory.appending(path: "reports")
                try FileManager.default.removeItem(at: path)
                try Data().write(to: path)
                service.send(SIGUSR2)
                let report = try service.reportsOnStandardError()[0]
                #expect(report.stacks.count >= 3)
                #expect(service.process.standardError.contains("reports: Not a directory"))
            }
        }

        /// There the watcher dies.
        @Test func aTriggerFileThatVanishesIsPickedUpAgain() throws {
            let arguments = Self.toDirectory + ["--file-event-handler", "DIR/trigger"]
            try ServiceProcess.with(arguments, environment: ["GMR_FILE_EVENT_HANDLER_INTERVAL": "0.05"]) { directory in
                try Data().write(to: directory.appending(path: "trigger"))
            } body: { service in
                let file = service.directory.appending(path: "trigger")
                let directory = service.directory("reports", of: "orders")
                for _ in 0..<2 {
                    try FileManager.default.removeItem(at: file)
                    try Data().write(to: file)
                    _ = try directory.nextTextReport()
                }
            }
        }

        /// There nothing comes at all: its handlers run in the interpreter, on the main thread.
        @Test func aMainThreadThatIsBlockedInCIsReported() throws {
            try ServiceProcess.with([]) { service in
                service.send(SIGUSR2)
                let report = try service.reportsOnStandardError()[0]
                let main = try #require(report.stacks.first { $0.tids.contains(service.pid) })
                #expect(main.frames.last?.contains("read") == true)
            }
        }

        /// There only options that are marked secret are masked.
        @Test func whatLooksLikeASecretIsMaskedEverywhere() throws {
            let secrets = [
                "--option", "keystone_authtoken=password=hunter2-a", "--option", "s3=s3_secret_key=hunter2-b",
                "--option", "database=url=mysql://nova:hunter2-c@db-1/nova", "--admin-password", "hunter2-d",
                "--section", "Session of hunter2-a",
            ]
            try ServiceProcess.with(secrets) { service in
                service.send(SIGUSR2)
                let report = try service.reportsOnStandardError()[0]
                #expect(report.value("password", in: "Configuration") == "***")
                #expect(report.value("s3_secret_key", in: "Configuration") == "***")
                #expect(report.value("url", in: "Configuration")?.hasSuffix("@db-1/nova") == true)
                #expect(report.titles.contains("Session of ***"))
                #expect(!service.process.standardError.contains("hunter2"))
            }
        }
    }
}
