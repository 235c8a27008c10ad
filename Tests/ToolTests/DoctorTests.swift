import Foundation
import ProcessKit
import Testing

/// The tool as it is built, held against real processes.
@Suite(.enabled(if: DoctorRun.isThere, "the tool is built with the trait Tool")) struct DoctorTests {
    @Test func theMachineHasAFindingForEachCheck() throws {
        let run = try DoctorRun()
        let hasProblem = run.findings.contains { $0.status == "problem" }
        #expect(run.status == (hasProblem ? 1 : 0), "\(run.text)")
        for check in [
            "kernel", "calls", "sandbox", "proc", "libunwind", "libdw", "core dumps", "memory", "settings", "watchdog",
        ] {
            #expect(!run.of("machine.\(check)").isEmpty, "\(check)")
        }
        for finding in run.findings {
            #expect((finding.advice == nil) == (finding.status == "ok"), "\(finding)")
        }
    }

    @Test func textHasALineForEachFindingAndWhatToDo() throws {
        let run = try ToolRun.run(DoctorRun.tool, ["doctor"], environment: ["GMR_LOGDIR": "/x"])
        let lines = run.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "This machine")
        let index = try #require(
            lines.firstIndex(of: "warning  GMR_LOGDIR is no variable of GMR, and has no effect."), "\(run.text)")
        #expect(lines[index + 1] == "         do: if you mean GMR_LOG_DIR, call it that")
    }

    @Test func itsOwnLogDirectoryIsLookedAt() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let good = try DoctorRun(environment: ["GMR_LOG_DIR": directory.path])
        try #expect(good.only("machine.log directory").status == "ok")
        let missing = try DoctorRun(environment: ["GMR_LOG_DIR": directory.path + "/a/b"])
        try #expect(missing.only("machine.log directory").finding.hasSuffix("is not there yet; set-up makes it."))
        let bad = try DoctorRun(environment: ["GMR_LOG_DIR": "/proc/version"])
        #expect(bad.status == 1)
        try #expect(bad.only("machine.log directory").finding.contains("is no directory"))
    }

    /// A filter that kills must not end the tool, which tries the calls in children.
    @Test func callsThatASandboxRefusesAreNamed() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let program = try TestProgram.compile(into: directory)
        let run = try DoctorRun(launcher: [program, "refuse"])
        let calls = try run.only("machine.calls")
        #expect(run.status == 1)
        #expect(calls.status == "problem")
        #expect(calls.finding.contains("memfd_create:") && calls.finding.contains("pidfd_getfd:"))
        #expect(!calls.finding.contains("process_vm_readv"))
        try #expect(run.only("machine.sandbox").finding.contains("mode 2"))
    }

    @Test func aProcessWithoutGMRIsWarnedOf() throws {
        let process = try ChildProcess("sleep", ["300"], directory: ChildProcess.makeDirectory())
        defer { process.kill() }
        try Self.waitUntil("it has executed sleep") { try Self.name(of: process.pid) == "sleep" }
        let run = try DoctorRun(process.pid)
        #expect(run.status == 1)
        let agent = try run.only("process.agent")
        #expect(agent.status == "problem" && agent.advice?.contains("LD_PRELOAD") == true)
        let signal = try run.only("process.signals")
        #expect(signal.status == "warning")
        #expect(signal.finding == "SIGUSR2 has no handler: `kill -USR2 \(process.pid)` would end this process.")
        try #expect(run.only("process.state").status == "ok")
        #expect(kill(process.pid, 0) == 0)
    }

    @Test(
        arguments: [
            ("ignore", "SIGUSR2 is ignored: `kill -USR2 PID` does nothing."),
            ("handle", "SIGUSR2 has a handler that is not GMR's: `kill -USR2 PID` does what the program makes of it."),
            (
                "block",
                "SIGUSR2 has no handler: every thread blocks it, and `kill -USR2 PID` would end this process as soon as "
                    + "one does not."
            ),
            ("pending", "SIGUSR2 was sent and has not been taken: every thread blocks it, or none runs."),
            (
                "signalfd",
                "SIGUSR2 is read from a signalfd too, as libdispatch's signal sources do: some make no report."
            ),
        ])
    func whatASignalDoesIsTold(mode: String, text: String) throws {
        try TestProgram.with(mode) { process, _ in
            let finding = try DoctorRun(process.pid).only("process.signals")
            #expect(finding.finding.replacingOccurrences(of: " \(process.pid)", with: " PID") == text)
            #expect(finding.status == (mode == "pending" ? "problem" : "warning"))
        }
    }

    @Test func whoHandlesCrashesIsTold() throws {
        try TestProgram.with("crash-handler") { process, _ in
            let text = try DoctorRun(process.pid).only("process.crash signals").finding
            #expect(text == "Code of the process handles SIGSEGV, such as a backtracer.")
        }
    }

    @Test func limitsThatAreNearAreTold() throws {
        try TestProgram.with("limits") { process, _ in
            let texts = try DoctorRun(process.pid).of("process.limits").map(\.finding)
            #expect(texts.contains { $0.contains(" of 8 descriptors are open.") }, "\(texts)")
            #expect(texts.contains { $0.hasPrefix("Files may grow to 4 KiB only") }, "\(texts)")
        }
    }

    @Test func aFilterOnAProcessIsTold() throws {
        try TestProgram.with("filter") { process, _ in
            let sandbox = try DoctorRun(process.pid).only("process.sandbox")
            #expect(sandbox.status == "warning" && sandbox.finding.contains("gains no privileges"))
        }
    }

    @Test func aProcessThatIsNotDumpableIsTold() throws {
        try TestProgram.with("undumpable") { process, _ in
            let run = try DoctorRun(process.pid)
            try #expect(run.only("process.dumpable").status == "warning")
            // Root may read it all the same; its own user may not.
            if getuid() != 0 { try #expect(run.only("process.access").status == "warning") }
        }
    }

    /// Root could write there; the process is somebody else.
    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func aDirectoryThatTheProcessMayNotEnterIsTold() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        chmod(directory.path, 0o700)
        let places = [directory.path: "cannot be written by user 65534", directory.path + "/x": "may not enter"]
        for (path, text) in places {
            try TestProgram.with("undumpable", environment: ["GMR_LOG_DIR": path]) { process, _ in
                let finding = try DoctorRun(process.pid).only("process.log directory")
                #expect(finding.status == "problem" && finding.finding.contains(text), "\(finding)")
            }
        }
    }

    @Test func aStoppedProcessIsTold() throws {
        try TestProgram.with("") { process, _ in
            kill(process.pid, SIGSTOP)
            try Self.waitUntil("it is stopped") { try Self.stat(of: process.pid).contains(") T ") }
            let state = try DoctorRun(process.pid).only("process.state")
            #expect(state.status == "problem" && state.advice == "kill -CONT \(process.pid)")
        }
    }

    @Test func ofAZombieNothingElseIsTold() throws {
        try TestProgram.with("zombie") { _, said in
            let zombie = try #require(said.first.flatMap { Int32($0) })
            let run = try DoctorRun(zombie)
            #expect(run.status == 1)
            try #expect(run.only("process.state").finding.contains("zombie"))
            #expect(run.findings.filter { $0.check.hasPrefix("process.") }.count == 1)
        }
    }

    @Test func whatIsNoProcessIsAnErrorThatSaysWhatToTry() throws {
        let ended = try ChildProcess("true", [], directory: ChildProcess.makeDirectory())
        defer { ended.kill() }
        #expect(try ended.waitForEnd() == 0)
        let run = try DoctorRun(ended.pid)
        #expect(run.status == 64)
        #expect(run.text.contains("There is no process \(ended.pid).") && run.text.contains("pgrep"))
        for argument in ["0", "nginx", "99999999999"] {
            #expect(try ToolRun.run(DoctorRun.tool, ["doctor", argument]).status == 64, "\(argument)")
        }
    }

    // MARK: Waiting

    @available(*, noasync)
    static func waitUntil(_ what: String, _ isTrue: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(20)
        while try !isTrue() {
            guard ContinuousClock.now < end else { throw ProcessFailure(description: "it never came that \(what)") }
            usleep(1000)
        }
    }

    static func stat(of pid: Int32) throws -> String {
        try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    }

    private static func name(of pid: Int32) throws -> String {
        try String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    }
}
