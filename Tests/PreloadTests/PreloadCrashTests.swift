import Foundation
import ProcessKit
import Testing

/// Programs that know nothing of GMR crash with libgmr.so, and end as they would without it.
@Suite(.serialized, .timeLimit(.minutes(15))) struct PreloadCrashTests {
    private func crash(_ way: String) throws -> NativeProcess {
        let directory = try ChildProcess.makeDirectory()
        let path = try Library.compile("Tests/PreloadTests/Programs/crash.c", options: ["-O1"], into: directory)
        let process = try NativeProcess(path, [way], directory: directory)
        #expect(try process.child.readLine() == "ready")
        return process
    }

    @Test(arguments: [("fault", SIGSEGV), ("overflow", SIGSEGV), ("abort", SIGABRT)])
    func theReportComesAndTheEndIsTheSame(way: String, signal: Int32) throws {
        let process = try crash(way)
        #expect(try process.child.waitForEnd() == 128 + signal)
        let report = try process.nextReport()
        #expect(report.process.pid == process.child.pid)
        #expect(report.verdict.kind == "crash")
        #expect(report.verdict.summary.contains("stack of the thread is used up") == (way == "overflow"))
        #expect(report.completeness.finishedBy == "helper process")
    }

    @Test(.enabled(if: Library.rustCompiler != nil)) func aRustPanicThroughCIsShown() throws {
        let compiler = try #require(Library.rustCompiler)
        let directory = try ChildProcess.makeDirectory()
        let path = directory.appending(path: "panic").path
        let source = Library.root.appending(path: "Tests/PreloadTests/Programs/panic.rs").path
        let build = try ToolRun.run(compiler, ["-g", "-o", path, source], deadline: .seconds(120))
        try #require(build.status == 0, "\(build.text)")
        let process = try NativeProcess(path, [], directory: directory)
        #expect(try process.child.waitForEnd() == 128 + SIGABRT)
        let report = try process.nextReport()
        #expect(report.verdict.kind == "crash")
        let functions = report.threads.first?.frames.compactMap(\.function) ?? []
        #expect(functions.contains { $0.contains("compare_panics") } && functions.contains("main"), "\(functions)")
    }

    @Test func aForkChildReportsForItself() throws {
        let process = try crash("fork")
        #expect(try process.child.readLine() == "child ended by \(SIGSEGV)")
        #expect(try process.child.waitForEnd() == 0)
        let report = try process.nextReport()
        #expect(report.process.pid != process.child.pid && report.verdict.kind == "crash")
    }

    @Test func aVforkChildEndsWithoutAWord() throws {
        let process = try crash("vfork")
        #expect(try process.child.readLine() == "child ended by \(SIGSEGV)")
        #expect(try process.child.waitForEnd() == 0)
        #expect(try process.reportCount() == 0 && process.child.standardError == "")
    }
}
