import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// The service's own sinks, which fail, hang, or use GMR themselves.
    @Suite(.timeLimit(.minutes(5))) struct OwnSinkTests {
        private static let silence = ["GMR_HELPER_SILENCE_MS": "5000"]

        /// The only one: standard error has the report.
        @Test(arguments: ["throwing", "stuck"])
        func whatItDoesNotTakeIsOnStandardError(kind: String) throws {
            try ServiceProcess.with(["--sink", kind], environment: Self.silence) { service in
                for count in 1...2 {
                    service.send(SIGUSR2)
                    let report = try service.reportsOnStandardError(count: count)[count - 1]
                    #expect(report["Completeness"]?.contains("none of the service's own sinks took the report") == true)
                }
                try service.expectItIsWell()
            }
        }

        @Test(arguments: ["throwing", "stuck"])
        func theDirectoryBesideItHasEveryReport(kind: String) throws {
            let arguments = ["--service-name", "orders", "--log-dir", "DIR/reports", "--sink", kind]
            try ServiceProcess.with(arguments, environment: Self.silence) { service in
                for _ in 0..<3 {
                    service.send(SIGUSR2)
                    _ = try service.directory("reports", of: "orders").nextTextReport()
                }
                try service.expectItIsWell()
            }
        }

        @Test func theOthersGetWhatOneRefuses() throws {
            try ServiceProcess.with(["--sink", "throwing", "--sink", "taking"]) { service in
                service.send(SIGUSR2)
                try #expect(service.process.readLine() == "taken: []")
                try service.process.waitForStandardError(
                    "gmr: the throwing sink did not take the report: POST https://nova:***@log.example/x: 401")
                #expect(TextReport.all(in: service.process.standardError).isEmpty)
            }
        }

        @Test func itMayAskForAReport() throws {
            try ServiceProcess.with(["--sink", "asking"]) { service in
                for _ in 0..<3 {
                    service.send(SIGUSR2)
                    let lines = try [service.process.readLine(), service.process.readLine()]
                    #expect(lines.contains("taken: []"))
                    #expect(lines.contains { $0?.wholeMatch(of: /asked: [3-9] threads/) != nil })
                }
            }
        }

        @Test func itMayRegisterSections() throws {
            try ServiceProcess.with(["--sink", "registering"]) { service in
                for titles in ["[]", "[\"Made by a sink\"]", "[]"] {
                    service.send(SIGUSR2)
                    try #expect(service.process.readLine() == "taken: \(titles)")
                }
            }
        }
    }
}
