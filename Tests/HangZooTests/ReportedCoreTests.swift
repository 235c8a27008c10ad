import Foundation
import ProcessKit
import Testing

extension ZooSuites {
    /// What `GMR_CORE=1` leaves beside a report.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct ReportedCoreTests {
        @Test(.timeLimit(.minutes(5)), arguments: ["threads-64", "mutex", "deep-recursion"])
        func aCoreLiesBesideTheReport(_ name: String) throws {
            let zooCase = ZooCatalog.named(name)
            try ZooSuites.withZoo(zooCase, environment: ["GMR_CORE": "1"]) { zoo in
                let report = try zoo.report()
                let core = try core(of: report, zoo)
                let mode = try FileManager.default.attributesOfItem(atPath: core)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                try ZooSuites.expectSameStacks(core: core, as: zoo, in: zooCase, report)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func itGoesWithItsReport() throws {
            let environment = ["GMR_CORE": "1", "GMR_FORMAT": "both", "GMR_MAX_REPORTS": "1"]
            try ZooSuites.withZoo(ZooCatalog.named("mutex"), environment: environment) { zoo in
                let directory = zoo.logDirectory.url.path
                var earlier: Set<String> = []
                for _ in 0..<3 {
                    kill(zoo.pid, SIGUSR2)
                    let names = try reportNames(in: directory, without: earlier)
                    #expect(Set(names.map { $0.split(separator: ".").dropFirst().joined() }) == ["", "json", "core"])
                    #expect(Set(names.map { $0.split(separator: ".")[0] }).count == 1, "\(names)")
                    earlier.formUnion(names)
                }
            }
        }

        /// Without a folder the report has all it can have.
        @Test(.timeLimit(.minutes(5)))
        func withoutAFolderTheReportSaysSo() throws {
            let environment = ["GMR_CORE": "1", "GMR_LOG_DIR": "", "GMR_FORMAT": "text"]
            try ZooSuites.withZoo(ZooCatalog.named("mutex"), environment: environment) { zoo in
                kill(zoo.pid, SIGUSR2)
                try zoo.waitForStandardError("no minicore: GMR_CORE=1 needs a folder; set GMR_LOG_DIR")
                try zoo.waitForStandardError("finished by: helper process")
            }
        }

        /// `gmr core` makes one of a raw record, when there is no process any more.
        @Test(
            .enabled(if: (try? ToolRun.run(ChildProcess.built("gmr"), ["--help"]).status) == 0),
            .timeLimit(.minutes(5)),
            arguments: ["threads-64", "syscalls-20", "signal-frame", "leaf", "swift-closures"])
        func aRecordBecomesACore(_ name: String) throws {
            let zooCase = ZooCatalog.named(name)
            let directory = try ChildProcess.makeDirectory()
            defer { try? FileManager.default.removeItem(at: directory) }
            let record = directory.appending(path: "record.gmr")
            let environment = ["GMR_RECORD": "1", "GMR_RECORD_STACKS": "1"]
            let zoo = try ZooProcess(zooCase, environment: environment)
            let report: GMRReport
            let living: [ObservedThread]
            do {
                defer { zoo.kill() }
                report = try zoo.report()
                living = try GDBObserver().threads(of: zoo.pid)
                try FileManager.default.copyItem(
                    at: zoo.logDirectory.url.appending(path: report.fileName + ".gmr"), to: record)
            }
            let run = try ToolRun.run(ChildProcess.built("gmr"), ["core", record.path])
            let core = directory.appending(path: "record.core").path
            #expect(run.text == "gdb \(ZooProcess.debugExecutable.path) \(core)\n")
            try ZooSuites.expectSameStacks(core: core, as: living, in: zooCase, report)
        }

        /// Its path, once the process has said it.
        @available(*, noasync)
        private func core(of report: GMRReport, _ zoo: ZooProcess) throws -> String {
            let path = zoo.logDirectory.url.appending(path: report.fileName + ".core").path
            try zoo.waitForStandardError("gmr: minicore written to \(path)\n")
            return path
        }

        /// All files of a report, when the core is among them and an older report is gone.
        @available(*, noasync)
        private func reportNames(in directory: String, without earlier: Set<String>) throws -> [String] {
            let end = ContinuousClock.now + .seconds(20)
            while true {
                let names = try FileManager.default.contentsOfDirectory(atPath: directory)
                    .filter { $0.hasPrefix("hangzoo_") }
                if names.contains(where: { $0.hasSuffix(".core") }), earlier.isDisjoint(with: names) { return names }
                guard ContinuousClock.now < end else { throw ObservationFailure(description: "there is \(names)") }
                usleep(2000)
            }
        }
    }
}
