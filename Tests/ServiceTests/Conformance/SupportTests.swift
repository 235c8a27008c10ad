import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// The chapters "Adding support for GMRs to new executables" and "Extending the GMR". What is code there is code of
    /// `ReportService` here.
    @Suite(.timeLimit(.minutes(5))) struct SupportTests {
        @Test("1, 2, 3, 7: an import and one call with the package are enough")
        func anImportAndOneCallAreEnough() throws {
            try ServiceProcess.with(["--minimal"]) { service in
                service.send(SIGUSR2)
                let report = try service.reportsOnStandardError()[0]
                #expect(report["Package"] == "product = orders\n")
                #expect(report.stacks.count >= 3)
            }
        }

        @Test("4, 5: sections may be registered, and need not be", arguments: Manual.allCases)
        func sectionsMayBeRegistered(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                service.send(manual.signals[0].rawValue)
                try #expect(service.reportsOnStandardError()[0].titles.suffix(2) == ["Configuration", "Completeness"])
            }
            try ServiceProcess.with(manual.arguments + ["--section", "Some Special Section"]) { service in
                service.send(manual.signals[0].rawValue)
                let report = try service.reportsOnStandardError()[0]
                #expect(report.titles.suffix(3) == ["Configuration", "Some Special Section", "Completeness"])
                #expect(report.value("leader", in: "Some Special Section") == "node-1")
            }
        }

        /// From the first moment of the main loop on: `ready` is its first line.
        @Test("6: it is set up before the main loop", arguments: Manual.allCases)
        func itIsSetUpBeforeTheMainLoop(manual: Manual) throws {
            try ServiceProcess.with(manual.arguments) { service in
                let caught = try service.signalMask("SigCgt")
                #expect(manual.signals.allSatisfy { caught >> UInt64($0.rawValue - 1) & 1 == 1 })
            }
        }

        @Test("Nova 8: the service name is used for the names of report files")
        func theServiceNameNamesTheFile() throws {
            try ServiceProcess.with(["--service-name", "nova-compute", "--log-dir", "DIR/reports"]) { service in
                service.send(SIGUSR2)
                _ = try service.directory("reports", of: "nova-compute").nextTextReport()
            }
        }

        @Test("Nova 9: without one it is the name of the executable, and that really")
        func withoutOneTheExecutableNamesIt() throws {
            try ServiceProcess.with(["--minimal"], environment: ["GMR_LOG_DIR": "DIR/reports"]) { service in
                service.send(SIGUSR2)
                _ = try service.directory("reports", of: "ReportService").nextTextReport()
            }
        }
    }

    @Suite(.timeLimit(.minutes(5))) struct ExtendingTests {
        @Test("1: more sections can be added for one executable", arguments: Manual.allCases)
        func moreSectionsCanBeAdded(manual: Manual) throws {
            let titles = ["Plugins", "Routers", "Plugins"]
            try ServiceProcess.with(manual.arguments + titles.flatMap { ["--section", $0] }) { service in
                service.send(manual.signals[0].rawValue)
                try #expect(service.reportsOnStandardError()[0].titles.suffix(4) == titles + ["Completeness"])
            }
        }

        @Test("2: the documentation says more")
        func theDocumentationSaysMore() throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
            let article = root.appending(path: "Sources/GMRAgent/GMRAgent.docc/Sections.md")
            try #expect(String(contentsOf: article, encoding: .utf8).contains("registerSection"))
        }
    }
}
