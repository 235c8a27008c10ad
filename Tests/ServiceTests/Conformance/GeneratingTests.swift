import Foundation
import GMRCore
import ProcessKit
import Testing

extension ServiceSuites {
    /// The chapter "Generating a GMR": what all five manuals say. Manila's and Nova's own sentences follow these.
    @Suite(.timeLimit(.minutes(5))) struct GeneratingTests {
        @Test("1: a report is about a running executable", arguments: Manual.allCases)
        func aReportIsAboutARunningExecutable(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                service.send(manual.signals[0].rawValue)
                let report = try service.reportsOnStandardError()[0]
                #expect(report.value("process", in: "Guru Meditation") == "\(service.pid)")
                #expect(report.value("executable", in: "Guru Meditation")?.hasSuffix("/ReportService") == true)
                #expect(report.value("service", in: "Guru Meditation") == manual.serviceName)
            }
        }

        @Test("2: it is called a Guru Meditation Report", arguments: Manual.allCases)
        func itIsCalledAGuruMeditationReport(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                service.send(manual.signals[0].rawValue)
                _ = try service.reportsOnStandardError()
                let rule = String(repeating: "=", count: 72)
                let title =
                    "\(rule)\n====                        Guru Meditation                         ====\n\(rule)\n"
                let body = String(repeating: "|", count: 72) + "\n\n"
                #expect(service.process.standardError.hasPrefix(title + body))
            }
        }

        @Test("3: its signals make a report, each of them", arguments: Manual.allCases)
        func itsSignalsMakeAReport(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                for (index, signal) in manual.signals.enumerated() {
                    service.send(signal.rawValue)
                    let report = try service.reportsOnStandardError(count: index + 1)[index]
                    let trigger = try #require(report.value("trigger", in: "Guru Meditation"))
                    #expect(trigger.hasPrefix("signal \(signal.name) from process "))
                }
            }
        }

        @Test("4: it goes to standard error", arguments: Manual.allCases)
        func itGoesToStandardError(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                service.send(manual.signals[0].rawValue)
                try #expect(service.reportsOnStandardError().count == 1)
                try service.process.closeInput()
                // Nothing but `ready` came out of the other end.
                try #expect(service.process.readLine() == nil)
                try #expect(service.process.waitForEnd() == 0)
            }
        }

        /// The example, with the commands as people give them.
        @Test("5, 6: kill -USR2 PID prints it to the file of 2>FILE", arguments: Manual.allCases)
        func killPrintsItToTheFileOfStandardError(manual: Manual) throws {
            let name = "\(manual.serviceName)-err.log"
            try ServiceProcess.with(manual.arguments, shell: "exec \"$0\" \"$@\" 2>'DIR/\(name)'") { service in
                let signal = manual.signals[0].name.dropFirst(3)
                try #expect(ToolRun.run("kill", ["-\(signal)", "\(service.pid)"]).status == 0)
                let log = service.directory.appending(path: name)
                let report = try service.reports(in: log, count: 1)[0]
                #expect(report.value("process", in: "Guru Meditation") == "\(service.pid)")
                #expect(service.process.standardError == "")
            }
        }
    }

    /// The rest of that chapter in Manila's manual.
    @Suite(.timeLimit(.minutes(5))) struct GeneratingWithManilaTests {
        private let arguments = Manual.manila.arguments

        @Test("7: reports are kept in a well-known directory")
        func reportsAreKeptInADirectory() throws {
            try ServiceProcess.with(arguments + ["--log-dir", "DIR/reports"]) { service in
                let directory = service.directory("reports", of: "manila-api")
                for _ in 0..<2 {
                    service.send(SIGUSR1)
                    let report = try directory.nextTextReport()
                    #expect(report.value("service", in: "Guru Meditation") == "manila-api")
                }
                try #expect(directory.names().count == 2)
            }
        }

        @Test("8: log_dir is configured, not coded")
        func theDirectoryIsConfigured() throws {
            try ServiceProcess.with(arguments, environment: ["GMR_LOG_DIR": "DIR/logs"]) { service in
                service.send(SIGUSR2)
                _ = try service.directory("logs", of: "manila-api").nextTextReport()
                #expect(!service.process.standardError.contains("Guru Meditation  "))
            }
        }

        @Test("9: file_event_handler replaces the signals, and looks each second")
        func aFileReplacesTheSignals() throws {
            #expect(Settings().fileEventHandlerInterval == .seconds(1))
            try ServiceProcess.with(arguments, environment: ["GMR_FILE_EVENT_HANDLER": "DIR/guru_report"]) {
                directory in
                try Data().write(to: directory.appending(path: "guru_report"))
            } body: { service in
                let caught = try service.signalMask("SigCgt")
                #expect(caught & (1 << UInt64(SIGUSR1 - 1) | 1 << UInt64(SIGUSR2 - 1)) == 0)
                service.touch("guru_report")
                let report = try service.reportsOnStandardError()[0]
                #expect(report.value("trigger", in: "Guru Meditation") == "the trigger file was touched")
            }
        }

        @Test("10, 11, 12, 13: touch FILE prints it to the file of 2>FILE")
        func touchPrintsItToStandardError() throws {
            let shell = "touch DIR/guru_report; exec \"$0\" \"$@\" 2>DIR/manila-api-err.log"
            try ServiceProcess.with(arguments + ["--file-event-handler", "DIR/guru_report"], shell: shell) { service in
                try #expect(ToolRun.run("touch", [service.directory.path + "/guru_report"]).status == 0)
                let reports = try service.reports(in: service.directory.appending(path: "manila-api-err.log"), count: 1)
                #expect(reports[0].value("process", in: "Guru Meditation") == "\(service.pid)")
            }
        }
    }

    /// The rest of that chapter in Nova's manual. What it says of uWSGI, sentence 7, is in `ParentFrameworkTests`.
    @Suite(.timeLimit(.minutes(5))) struct GeneratingWithNovaTests {
        private static let environment = ["GMR_LOG_DIR": "DIR/nova", "GMR_FILE_EVENT_HANDLER": "DIR/nova/gmr_trigger"]
        private let arguments = Manual.nova.arguments

        private func withNova(_ body: (ServiceProcess, ReportDirectory) throws -> Void) throws {
            try ServiceProcess.with(arguments, environment: Self.environment) { directory in
                let folder = directory.appending(path: "nova")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                try Data().write(to: folder.appending(path: "gmr_trigger"))
            } body: { service in
                try body(service, service.directory("nova", of: "nova-compute"))
            }
        }

        @Test("8, 9: the trigger file may lie in log_dir, and whenever it is modified there is a report")
        func wheneverTheFileIsModifiedThereIsAReport() throws {
            try withNova { service, directory in
                for text in ["one", "two"] {
                    try Data(text.utf8).write(to: directory.url.appending(path: "gmr_trigger"))
                    let report = try directory.nextTextReport()
                    #expect(report.value("trigger", in: "Guru Meditation") == "the trigger file was touched")
                }
            }
        }

        @Test("10: touch FILE makes one")
        func touchMakesOne() throws {
            try withNova { service, directory in
                try #expect(ToolRun.run("touch", [directory.url.path + "/gmr_trigger"]).status == 0)
                _ = try directory.nextTextReport()
            }
        }

        @Test("11: the file must exist when the service starts")
        func theFileMustExistAtStart() throws {
            let failure = #expect(throws: ProcessFailure.self) {
                try ServiceProcess.with(arguments + ["--file-event-handler", "DIR/gmr_trigger"]) { _ in }
            }
            let text = try #require(failure?.description)
            #expect(text.contains("/gmr_trigger cannot be used: No such file or directory. Create it (touch "))
        }

        @Test("12: with a log dir the report is in a file instead of on standard error")
        func theReportIsInAFileInstead() throws {
            try withNova { service, directory in
                service.touch("nova/gmr_trigger")
                let name = try directory.nextName(within: .seconds(30))
                // This line alone.
                try service.process.waitForStandardError("gmr: report written to \(directory.url.path)/\(name)\n")
                #expect(TextReport.all(in: service.process.standardError).isEmpty)
            }
        }

        @Test("13: it is named ${serviceName}_gurumeditation_${timestamp}")
        func itIsNamedAfterServiceAndTime() throws {
            try withNova { service, directory in
                let begin = Date()
                service.touch("nova/gmr_trigger")
                let name = try directory.nextName(within: .seconds(30))
                let possible = Timestamps.digits(of: begin)...Timestamps.digits(of: Date())
                #expect(name.hasPrefix("nova-compute_gurumeditation_"))
                #expect(possible.contains(String(name.dropFirst("nova-compute_gurumeditation_".count))))
            }
        }
    }
}
