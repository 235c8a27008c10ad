import Foundation
import ProcessKit
import Testing

/// The tool, held against processes that have GMR.
@Suite(.enabled(if: DoctorRun.isThere, "the tool is built with the trait Tool")) struct DoctorOfServicesTests {
    @Test func aServiceThatIsSetUpIsWell() throws {
        try TestService.with(environment: ["GMR_LOG_DIR": "DIR/reports", "GMR_SIGNALS": "USR2,RTMIN+3"]) { service in
            let run = try DoctorRun(service.pid)
            #expect(!run.findings.contains { $0.check.hasPrefix("process.") && $0.status == "problem" }, "\(run.text)")
            try #expect(run.only("process.agent").finding == "GMR is set up in it.")
            let signals = run.of("process.signals").map(\.finding)
            #expect(
                signals == [
                    "SIGUSR2 has a handler: `kill -USR2 \(service.pid)` asks for a report.",
                    "SIGRTMIN+3 has a handler: `kill -RTMIN+3 \(service.pid)` asks for a report.",
                ])
            let crashes = try run.only("process.crash signals").finding
            #expect(crashes.hasPrefix("A crash makes a report first") && crashes.contains("SIGSEGV"))
            try #expect(run.only("process.log directory").status == "ok")
            try #expect(
                run.only("process.settings").finding
                    == "Set and usable: GMR_SIGNALS, GMR_LOG_DIR, GMR_CAPTURE_DEADLINE_MS, GMR_TASK_SEARCH_MS, "
                    + "GMR_HELPER_SILENCE_MS, GMR_CRASH_PATIENCE_MS.")
            try #expect(run.only("process.unwind tables").status == "ok")
            try #expect(run.only("process.symbols").status == "ok")
        }
    }

    /// GMR has a thread that takes it.
    @Test func aSignalThatTheServiceBlocksIsNoProblem() throws {
        try TestService.with(["--framework", "blocked"]) { service in
            try #expect(DoctorRun(service.pid).only("process.signals").status == "ok")
        }
    }

    @Test func aServiceWithoutItsSignalWouldBeEnded() throws {
        try TestService.with(["--signals", "RTMIN+3"]) { service in
            let run = try DoctorRun(service.pid)
            #expect(run.status == 1)
            let signal = try run.only("process.signals")
            #expect(signal.status == "problem" && signal.finding.contains("would end this process"))
            #expect(signal.advice?.contains("SIGRTMIN+3") == true)
        }
    }

    @Test func aTriggerFileTakesThePlaceOfSignals() throws {
        try TestService.with(environment: ["GMR_FILE_EVENT_HANDLER": "DIR/trigger"]) { service in
            let run = try DoctorRun(service.pid)
            try #expect(run.only("process.signals").finding.contains("GMR_FILE_EVENT_HANDLER"))
            try #expect(run.only("process.trigger file").status == "warning")
            try Data().write(to: service.directory.appending(path: "trigger"))
            try #expect(DoctorRun(service.pid).only("process.trigger file").status == "ok")
        }
    }

    @Test func aLogDirectoryThatIsGoneIsAProblem() throws {
        try TestService.with(environment: ["GMR_LOG_DIR": "DIR/reports"]) { service in
            try FileManager.default.removeItem(at: service.directory.appending(path: "reports"))
            let finding = try DoctorRun(service.pid).only("process.log directory")
            #expect(finding.status == "problem" && finding.finding.contains("is not there any more"))
        }
    }

    @Test func settingsAreCheckedAndNothingElseOfTheEnvironmentIsShown() throws {
        let environment = ["GMR_FORMAT": "xml2", "GMR_MAX_REPORT": "3", "DATABASE_PASSWORD": "correct-horse"]
        try TestService.with(environment: environment) { service in
            let run = try DoctorRun(service.pid)
            let settings = run.of("process.settings")
            #expect(
                settings.map(\.finding) == [
                    "GMR_FORMAT=xml2 is not a format; text is in force.",
                    "GMR_MAX_REPORT is no variable of GMR, and has no effect.",
                ])
            #expect(settings.last?.advice == "if you mean GMR_MAX_REPORTS, call it that")
            #expect(!run.text.contains("correct-horse") && !run.text.contains("DATABASE"))
        }
    }

    @Test func aServiceThatIsTurnedOffIsAProblem() throws {
        try TestService.with(environment: ["GMR_ENABLE": "0"]) { service in
            let run = try DoctorRun(service.pid)
            let agent = try run.only("process.agent")
            #expect(agent.status == "problem" && agent.advice?.contains("GMR_ENABLE") == true, "\(agent)")
            try #expect(run.only("process.signals").finding.contains("would end this process"))
        }
    }

    @Test func aThreadIsNoProcess() throws {
        try TestService.with { service in
            let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(service.pid)/task")
            let thread = try #require(tasks.compactMap { Int32($0) }.first { $0 != service.pid })
            let run = try DoctorRun(thread)
            #expect(run.status == 64 && run.text.contains("Try gmr doctor \(service.pid)"))
        }
    }

    @Test(.enabled(if: PreloadedLibrary.isThere, "libgmr.so is built"))
    func aPreloadedProgramWakesUpWhenItIsAsked() throws {
        try TestProgram.with("", environment: ["LD_PRELOAD": PreloadedLibrary.path]) { process, _ in
            let run = try DoctorRun(process.pid)
            let agent = try run.only("process.agent")
            #expect(agent.status == "ok" && agent.finding.hasSuffix("wakes up when it is asked."))
            try #expect(run.only("process.signals").status == "ok")
        }
    }

    @Test func anExecutableThatWasReplacedIsTold() throws {
        try TestProgram.with("") { process, _ in
            let program = process.directory.appending(path: "process")
            try FileManager.default.removeItem(at: program)
            let run = try DoctorRun(process.pid)
            try #expect(run.only("process.files").finding.contains("executable was deleted or replaced"))
            // It is still open, and its symbols are told of.
            try #expect(run.only("process.symbols").finding.contains("Functions have names"))
        }
    }

    @Test func aStrippedOrStaticExecutableIsTold() throws {
        try TestProgram.with("", options: ["-s"]) { process, _ in
            try #expect(DoctorRun(process.pid).only("process.symbols").finding.contains("is stripped"))
        }
        try TestProgram.with("", options: ["-static"]) { process, _ in
            let agent = try DoctorRun(process.pid).only("process.agent")
            #expect(agent.status == "problem" && agent.finding.contains("static"))
        }
    }
}
