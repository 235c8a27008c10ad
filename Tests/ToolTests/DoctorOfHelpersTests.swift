import Foundation
import ProcessKit
import Testing

/// What the tool says of helper processes, held against processes that have them, or cannot.
@Suite(.enabled(if: DoctorRun.isThere, "the tool is built with the trait Tool")) struct DoctorOfHelpersTests {
    @Test func theProgramItselfIsTheHelper() throws {
        try TestService.with { service in
            let helper = try DoctorRun(service.pid).only("process.helper")
            #expect(helper.finding == "Its helper process is the program itself, started for each report.")
        }
    }

    @Test func aProgramThatCanServeIsTold() throws {
        let tool = ChildProcess.built("gmr")
        try TestService.with(environment: ["GMR_HELPER": tool]) { service in
            let helper = try DoctorRun(service.pid).only("process.helper")
            #expect(helper.status == "ok" && helper.finding == "GMR_HELPER=\(tool) can serve as its helper process.")
        }
    }

    @Test(
        arguments: [
            ("/nowhere/gmr", "cannot be used: No such file or directory"),
            ("/bin/true", "is no program with GMR in it"),
            ("/etc/passwd", "cannot be used: Permission denied"),
        ])
    func aProgramThatCannotServeIsTold(path: String, text: String) throws {
        try TestService.with(environment: ["GMR_HELPER": path]) { service in
            let helper = try DoctorRun(service.pid).only("process.helper")
            #expect(helper.status == "warning")
            #expect(helper.finding == "GMR_HELPER=\(path) \(text); the helper process is the program itself.")
        }
    }

    /// The process has the tool's version; the program it names has not. Its path is relative.
    @Test func anotherVersionIsTold() throws {
        try TestProgram.with("", environment: ["GMR_HELPER": "other"]) { process, _ in
            // It runs where the tests do.
            let place = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.pid)/cwd")
            let other = URL(filePath: place).appending(path: "other")
            defer { try? FileManager.default.removeItem(at: other) }
            try Self.writeAnotherVersion(of: "gmr", to: other)
            let helper = try DoctorRun(process.pid).only("process.helper")
            let text = "GMR_HELPER=\(other.path) has another version of GMR; the helper process is the program itself."
            #expect(helper.finding == text && helper.status == "warning")
        }
    }

    /// Neither the tool nor the process can say whether that version is the process's.
    @Test func whereTheProcessHasAnotherVersionThanTheToolItSaysSo() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let other = directory.appending(path: "other")
        try Self.writeAnotherVersion(of: "ReportService", to: other)
        try TestService.with(program: other.path, environment: ["GMR_HELPER": other.path]) { service in
            let helper = try DoctorRun(service.pid).only("process.helper")
            #expect(helper.status == "ok" && helper.finding.contains("its version is not compared"), "\(helper)")
        }
    }

    /// Root could start it; the process is somebody else.
    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func aProgramThatTheProcessMayNotStartIsTold() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let tool = directory.appending(path: "gmr").path
        try ToolRun.copy(ChildProcess.built("gmr"), to: URL(filePath: tool))
        try TestProgram.with("undumpable", environment: ["GMR_HELPER": tool]) { process, _ in
            try #expect(DoctorRun(process.pid).only("process.helper").status == "ok")
            chmod(tool, 0o700)
            try #expect(DoctorRun(process.pid).only("process.helper").finding.contains("started by user 65534"))
            chmod(directory.path, 0o700)
            try #expect(DoctorRun(process.pid).only("process.helper").finding.contains("may not enter"))
        }
    }

    @Test func aHelperThatStandsByIsFoundAndMissed() throws {
        try TestService.with(environment: ["GMR_HELPER_STANDBY": "1"]) { service in
            let helper = try DoctorRun(service.pid).only("process.helper")
            let number = try #require(helper.finding.split { $0 == " " || $0 == "," }.compactMap { Int32($0) }.first)
            #expect(helper.status == "ok" && helper.finding == "Process \(number), its helper, stands by.")
            let name = try String(contentsOfFile: "/proc/\(number)/comm", encoding: .utf8)
            #expect(name == "gmr-standby\n")
            kill(number, SIGKILL)
            try DoctorTests.waitUntil("it has ended") {
                try DoctorRun(service.pid).only("process.helper").status == "warning"
            }
            let missed = try DoctorRun(service.pid).only("process.helper")
            #expect(missed.finding.hasPrefix("No helper process stands by, though GMR_HELPER_STANDBY=1"))
        }
    }

    @Test(.enabled(if: PreloadedLibrary.isThere, "libgmr.so is built"))
    func aFilterThatCameLaterIsNotOnTheHelper() throws {
        try Self.expectSandbox("filter", check: "process.sandbox", with: "but not on its helper")
    }

    @Test(.enabled(if: PreloadedLibrary.isThere && getuid() == 0, "libgmr.so is built, and only root can do it"))
    func aHelperThatStandsByWasThereBeforeTheRootChanged() throws {
        try Self.expectSandbox("chroot", check: "process.root", with: "was started before")
    }

    /// Without a helper that stands by, the finding names the setting; with one, there is nothing to do but to look.
    @available(*, noasync)
    private static func expectSandbox(_ mode: String, check: String, with text: String) throws {
        try TestProgram.with(mode) { process, _ in
            let finding = try DoctorRun(process.pid).only(check)
            #expect(finding.advice?.contains("GMR_HELPER_STANDBY=1") == true, "\(finding)")
        }
        // A preloaded program has a helper that stands by where it watches a file.
        let environment = [
            "LD_PRELOAD": PreloadedLibrary.path, "GMR_HELPER_STANDBY": "1", "GMR_FILE_EVENT_HANDLER": "/tmp/no-trigger",
            "GMR_HELPER": ChildProcess.built("gmr"),
        ]
        try TestProgram.with(mode, environment: environment) { process, _ in
            let run = try DoctorRun(process.pid)
            let finding = try run.only(check)
            #expect(finding.finding.contains(text), "\(run.text)")
            #expect(finding.advice?.contains("GMR_HELPER_STANDBY") != true)
        }
    }

    /// A program that was built, but for the number behind the name of its note.
    private static func writeAnotherVersion(of name: String, to file: URL) throws {
        var program = try Data(contentsOf: URL(filePath: ChildProcess.built(name)))
        let note = try #require(program.range(of: Data([4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0x67, 0x6d, 0x72, 0])))
        program[note.upperBound] &+= 1
        let changed = file.path + ".changed"
        defer { try? FileManager.default.removeItem(atPath: changed) }
        try program.write(to: URL(filePath: changed))
        chmod(changed, 0o755)
        try ToolRun.copy(changed, to: file)
    }
}
