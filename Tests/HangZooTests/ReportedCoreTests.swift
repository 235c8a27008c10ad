import Foundation
import ProcessKit
import Testing

extension ZooSuites {
    /// What `GMR_CORE=1` leaves beside a report.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct ReportedCoreTests {
        @Test(.timeLimit(.minutes(2)), arguments: ["threads-64", "mutex", "deep-recursion"])
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

        /// Without a folder the report has all it can have.
        @Test(.timeLimit(.minutes(1)))
        func withoutAFolderTheReportSaysSo() throws {
            let environment = ["GMR_CORE": "1", "GMR_LOG_DIR": "", "GMR_FORMAT": "text"]
            try ZooSuites.withZoo(ZooCatalog.named("mutex"), environment: environment) { zoo in
                kill(zoo.pid, SIGUSR2)
                try zoo.waitForStandardError("no minicore: GMR_CORE=1 needs a folder; set GMR_LOG_DIR")
                try zoo.waitForStandardError("finished by: helper process")
            }
        }

        /// Its path, once the process has said it.
        @available(*, noasync)
        private func core(of report: GMRReport, _ zoo: ZooProcess) throws -> String {
            let path = zoo.logDirectory.url.appending(path: report.fileName + ".core").path
            try zoo.waitForStandardError("gmr: minicore written to \(path)\n")
            return path
        }
    }
}
