import Foundation
import ProcessKit
import Testing

/// libgmr.so, loaded into programs that know nothing of it and linked into those that do.
@Suite(.serialized, .timeLimit(.minutes(15))) struct PreloadTests {
    private static let programs = "Tests/PreloadTests/Programs"

    private func native(
        _ program: String, environment: [String: String] = [:], options: [String] = []
    ) throws -> NativeProcess {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("\(Self.programs)/native.c", options: options, into: directory)
        return try NativeProcess(path, [program], environment: environment, directory: directory)
    }

    /// The pids behind "ready".
    private func ready(_ process: borrowing NativeProcess) throws -> [Int32] {
        let line = try process.child.readLine() ?? "nothing: \(process.child.standardError)"
        try #require(line.hasPrefix("ready"), "\(line)")
        return line.split(separator: " ").dropFirst().compactMap { Int32($0) }
    }

    @Test func aDeadlockOfAnUnmodifiedProgramIsNamed() throws {
        let process = try native(
            "abba", environment: ["GMR_PACKAGE_VERSION": "3.1", "GMR_PACKAGE_PRODUCT": "native-c"])
        _ = try ready(process)
        try process.child.waitUntilAllSleep()
        let report = try process.report()
        #expect(report.verdict.kind == "deadlock")
        #expect(report.process.pid == process.child.pid)
        #expect(report.package.product == "native-c" && report.package.version == "3.1")
        #expect(Set(report.threads.compactMap(\.name)) == ["program", "alpha", "beta"])
        #expect(report.completeness.finishedBy == "helper process")
    }

    /// Before the program's constructors nothing is started, and no mask is changed; its end is its own.
    @Test func theProgramStartsAndEndsAsWithoutIt() throws {
        let process = try native("start")
        let line = try process.child.readLine()
        #expect(line == "ready constructors: threads 1, masked 0; main: masked 0")
        #expect(try process.report().threads.count == 1)
        try process.child.closeInput()
        #expect(try process.child.waitForEnd() == 7)
        #expect(process.child.standardError.split(separator: "\n").allSatisfy { $0.hasPrefix("gmr: report written") })
    }

    @Test func forkChildrenAnswerForThemselves() throws {
        let process = try native("forks")
        let children = try ready(process)
        #expect(children.count == 3)
        for pid in children + [process.child.pid] + children {
            let report = try process.report(of: pid)
            #expect(report.process.pid == pid)
            #expect(report.threads.map(\.tid) == [pid])
            #expect(report.completeness.finishedBy == "helper process")
        }
        // Their agents end with the report.
        for pid in children {
            let end = ContinuousClock.now + .seconds(10)
            func tids() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
            }
            while try tids().count > 1, ContinuousClock.now < end { usleep(1000) }
            #expect(try tids() == ["\(pid)"])
        }
    }

    @Test func aForkChildThatLockedUpIsExplained() throws {
        let process = try native("forked-abba")
        let child = try #require(try ready(process).first)
        var report = try process.report(of: child)
        // It may be on its way there at first.
        for _ in 0..<50 where report.verdict.kind != "deadlock" { report = try process.report(of: child) }
        #expect(report.verdict.kind == "deadlock")
        #expect(Set(report.threads.compactMap(\.name)) == ["alpha", "beta"])
    }

    @Test func aLockThatAForkCopiedIsHeldByNobodyThere() throws {
        let process = try native("copied-lock")
        let child = try #require(try ready(process).first)
        var wait = try process.report(of: child).threads.first?.waitsFor
        for _ in 0..<50 where wait == nil { wait = try process.report(of: child).threads.first?.waitsFor }
        #expect(wait?.ownerAlive == false && wait?.ownerProcess == process.child.pid)
        #expect(wait?.description.contains("copied by fork()") == true)
    }

    @Test func aConstructorThatWaitsForTheLoaderIsNamed() throws {
        let directory = try ChildProcess.makeDirectory()
        let plugin = directory.appending(path: "plugin.so").path
        let built = try Library.compile(
            "\(Self.programs)/plugin.c", options: ["-shared", "-fPIC"], into: directory)
        try FileManager.default.moveItem(atPath: built, toPath: plugin)
        let path = try Library.compile("\(Self.programs)/native.c", into: directory)
        let process = try NativeProcess(path, ["plugin", plugin], directory: directory)
        _ = try ready(process)
        try process.child.waitUntilAllSleep()
        var report = try process.report()
        for _ in 0..<50 where report.verdict.kind != "deadlock" { report = try process.report() }
        #expect(report.verdict.summary.hasPrefix("DEADLOCK: "))
        #expect(report.verdict.summary.contains("the loader lock") && report.verdict.summary.contains("\"loading\""))
    }

    /// Signals may come as fast as they like: the last one is answered after it came.
    @Test func aStormOfSignalsInAForkChildEndsWithAReport() throws {
        let process = try native("forks")
        let child = try ready(process)[1]
        for _ in 0..<20 {
            for _ in 0..<50 {
                kill(child, SIGUSR2)
                usleep(200)
            }
            #expect(try process.report(of: child).process.pid == child)
        }
    }

    @Test func anExecutedProgramHasThemToo() throws {
        let process = try native("exec")
        _ = try ready(process)
        #expect(try process.report().process.pid == process.child.pid)
    }

    /// A handler that a program sets up in its main() is called, whichever function it uses, and the report is made.
    @Test(arguments: ["handler", "signal-handler", "system-v-handler"])
    func aHandlerOfTheProgramIsCalledToo(program: String) throws {
        let process = try native(program)
        _ = try ready(process)
        for _ in 0..<3 {
            #expect(try process.report().process.pid == process.child.pid)
            #expect(try process.child.readLine() == "handled")
        }
        try process.child.closeInput()
        #expect(try process.child.waitForEnd() == 0)
        #expect(!process.child.standardError.contains("SIGUSR2"))
    }

    /// A second thread would have setuid() end the process, and unshare() fail.
    @Test(
        .enabled(if: getuid() == 0),
        arguments: [
            ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"], ["/usr/bin/unshare", "--user", "--map-root-user"],
        ])
    func aProgramMayRelyOnHavingOneThread(command: [String]) throws {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("\(Self.programs)/native.c", into: directory)
        let process = try NativeProcess(command[0], command.dropFirst() + [path, "start"], directory: directory)
        _ = try ready(process)
        #expect(try process.report().threads.count == 1)
    }

    @Test func itCanBeTurnedOff() throws {
        let process = try native("start", environment: ["GMR_ENABLE": "0"])
        _ = try process.child.readLine()
        kill(process.child.pid, SIGUSR2)
        #expect(try process.child.waitForEnd() == 128 + SIGUSR2)
    }

    @Test func aStaticProgramRunsAsBefore() throws {
        let process = try native("start", options: ["-static"])
        #expect(try process.child.readLine()?.hasPrefix("ready") == true)
        try process.child.closeInput()
        #expect(try process.child.waitForEnd() == 7)
    }

    /// Who starts another user's program must not have it write reports.
    @Test(.enabled(if: getuid() == 0)) func aSetUserIDProgramIsLeftAlone() throws {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("\(Self.programs)/native.c", into: directory)
        chmod(path, 0o4755)
        let process = try NativeProcess(
            "/usr/bin/setpriv", ["--reuid=65534", "--clear-groups", path, "start"], directory: directory)
        _ = try process.child.readLine()
        kill(process.child.pid, SIGUSR2)
        #expect(try process.child.waitForEnd() == 128 + SIGUSR2)
        #expect(try process.reportCount() == 0)
    }

    @Test func exceptionsStayInTheHandsOfTheProgramsOwnRuntime() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try Library.compile("\(Self.programs)/exceptions.cpp", options: ["-ldl"], into: directory)
        let run = try ToolRun.run(path, [], environment: Library.preloading())
        #expect(run.text == "caught 1000 by libgcc_s.so.1\n")
        #expect(run.status == 0)
    }

    /// The library brings a C++ runtime of its own, which knows nothing of it.
    @Test func anExceptionThatNobodyCatchesIsNamed() throws {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("\(Self.programs)/exceptions.cpp", options: ["-ldl"], into: directory)
        let process = try NativeProcess(path, ["in vain"], directory: directory)
        #expect(try process.child.waitForEnd() == 128 + SIGABRT)
        let summary = try process.nextReport().verdict.summary
        #expect(summary.contains("throwing an instance of 'std::runtime_error'; what():  in vain"), "\(summary)")
    }

    /// Nothing of the Swift runtime, the C++ library or an unwinder can meet the program's own.
    @Test func theLibraryShowsItsFunctionsAlone() throws {
        let run = try ToolRun.run("/usr/bin/nm", ["-D", "--defined-only", "--extern-only", Library.path()])
        let symbols = run.text.split(separator: "\n").compactMap { $0.split(separator: " ").last }
        let header = try String(
            contentsOf: Library.root.appending(path: "Sources/CGMRPreload/include/gmr.h"), encoding: .utf8)
        let signals = [
            "sigaction", "signal", "bsd_signal", "ssignal", "sysv_signal", "__sysv_signal", "sigset", "sigignore",
            "siginterrupt",
        ]
        let declared = header.matches(of: /(?m)^(?!typedef)[a-z].*?\*?(gmr_[a-z_]+)\(/).map { String($0.1) }
        #expect(declared.count > 15)
        #expect(Set(symbols.map(String.init)) == Set(declared + signals + ["__libc_start_main", "pthread_create"]))
        let needed = try ToolRun.run("/usr/bin/readelf", ["-d", Library.path()]).text
        #expect(!needed.contains("libunwind") && !needed.contains("libstdc++") && !needed.contains("libswift"))
    }

    /// A Rust mutex has no owner; the guard on a stack tells.
    @Test(.enabled(if: Library.rustCompiler != nil)) func aRustProgramIsExplained() throws {
        let compiler = try #require(Library.rustCompiler)
        let directory = try ChildProcess.makeDirectory()
        let path = directory.appending(path: "crossed").path
        let source = Library.root.appending(path: "\(Self.programs)/crossed.rs").path
        let build = try ToolRun.run(compiler, ["-g", "-O", "-o", path, source], deadline: .seconds(120))
        try #require(build.status == 0, "\(build.text)")
        let process = try NativeProcess(path, [], directory: directory)
        _ = try ready(process)
        try process.child.waitUntilAllSleep()
        let report = try process.report()
        #expect(report.verdict.kind == "deadlock")
        #expect(report.verdict.summary.hasPrefix("Most likely a deadlock: "))
        #expect(report.verdict.summary.contains("\"alpha\"") && report.verdict.summary.contains("\"beta\""))
    }

    @Test func theLibrarySaysWhatItIs() throws {
        let run = try ToolRun.run(Library.path(), [])
        #expect(run.status == 0)
        #expect(run.text.contains("LD_PRELOAD=\(try Library.path()) PROGRAM"))
    }

    @Test func theInterfaceKeepsItsPromises() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try Library.compile("\(Self.programs)/api.c", usesAPI: true, into: directory)
        for environment in [[:], try Library.preloading()] {
            let run = try ToolRun.run(
                path, [], environment: environment.merging(ChildProcess.patience) { $1 }, deadline: .seconds(300))
            // The signal that it sends itself may make a report before it stops reports.
            #expect(run.text.hasSuffix("kept\n") && run.status == 0, "\(run.text.suffix(2000))")
        }
    }

    /// Whatever a program does with a signal that GMR shares is as without it: so it is without the library.
    @Test func signalsAndProcessesAreAsWithoutIt() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try Library.compile("\(Self.programs)/signals.c", usesAPI: true, into: directory)
        for environment in [["GMR_ENABLE": "0"], try Library.preloading(), [:]] {
            let settings = environment.merging(["GMR_LOG_DIR": directory.path]) { $1 }
            let run = try ToolRun.run(path, [], environment: settings, deadline: .seconds(300))
            #expect(run.text.hasSuffix("kept\n") && run.status == 0, "\(environment): \(run.text.suffix(2000))")
        }
    }

    /// A program that changes its root has another file at the library's path, or none.
    @Test(.enabled(if: getuid() == 0)) func aChangedRootChoosesNoHelper() throws {
        let process = try native("chroot")
        _ = try ready(process)
        kill(process.child.pid, SIGUSR2)
        // Without a helper: the raw writer, on standard error.
        try process.child.waitForStandardError("Guru Meditation (raw): process \(process.child.pid)")
    }

    @Test func theCExampleIsExplained() throws {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("Examples/NativeServices/orders.c", usesAPI: true, into: directory)
        let process = try ChildProcess(path, [], directory: directory)
        defer { process.kill() }
        #expect(try process.readLine()?.hasPrefix("orders: started") == true)
        try process.waitUntilAllSleep()
        kill(process.pid, SIGUSR2)
        try process.waitForStandardError("finished by: ")
        let report = process.standardError
        #expect(report.contains(/DEADLOCK: .*"payments".*"refunds"/))
        #expect(report.contains("service = orders-api\n") && report.contains("version = 1.4.2\n"))
        #expect(report.contains("done = 0\n") && report.contains("late = false\n"))
        #expect(report.contains("orders.c:") && report.contains(" in transfer"))
    }

    @Test func theCxxExampleReportsByItself() throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try Library.compile("Examples/NativeServices/inventory.cpp", usesAPI: true, into: directory)
        let file = directory.appending(path: "report.txt")
        let run = try ToolRun.run(path, [file.path], environment: ChildProcess.patience)
        #expect(run.text == "inventory: no plums\n")
        #expect(run.status == 0)
        let report = try String(contentsOf: file, encoding: .utf8)
        #expect(report.contains("trigger = the program asked for it\n"))
        #expect(report.contains("pears = 0\n") && report.contains("product = inventory\n"))
        #expect(report.contains("waiting for the condition variable"))
    }
}
