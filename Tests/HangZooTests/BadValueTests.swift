import Foundation
import Testing

extension ZooSuites {
    /// A service starts and reports whatever its environment says; what cannot be used costs one line.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct BadValueTests {
        @Test(.timeLimit(.minutes(5)))
        func aFormatThatIsNoneGivesTextAndOneLine() throws {
            try withZoo(ZooCatalog.named("mutex"), environment: ["GMR_FORMAT": "xml2"]) { zoo in
                let lines = zoo.standardError.split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.first?.contains("GMR_FORMAT=xml2") == true)
                #expect(lines.first?.contains("text, json, xml, both") == true)
                kill(zoo.pid, SIGUSR2)
                try zoo.waitForStandardError("report written to")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aSignalThatCannotBeCaughtGivesTheDefaultAndOneLine() throws {
            try withZoo(ZooCatalog.named("mutex"), environment: ["GMR_SIGNALS": "KILL"]) { zoo in
                let lines = zoo.standardError.split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.first?.contains("SIGKILL, which cannot be caught") == true)
                let report = try zoo.report()
                #expect(report.threadsFound == 3)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aDirectoryThatCannotBeMadeGivesStandardErrorAndOneLine() throws {
            let environment = ["GMR_LOG_DIR": "/proc/nothing/reports", "GMR_FORMAT": "text"]
            try withZoo(ZooCatalog.named("mutex"), environment: environment) { zoo in
                let lines = zoo.standardError.split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.first?.contains("/proc/nothing/reports: No such file or directory") == true)
                kill(zoo.pid, SIGUSR2)
                try zoo.waitForStandardError("finished by: ")
                #expect(zoo.standardError.contains("mutex_middle_calls_blocked"))
            }
        }
    }
}
