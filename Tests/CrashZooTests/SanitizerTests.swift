import Foundation
import ProcessKit
import Testing

extension CrashZooTests {
    /// AddressSanitizer was there first: it has handlers of its own, an allocator, and a hand in every new thread. Each
    /// has its say, and neither waits for the other.
    @Test(
        .enabled(if: AddressSanitizer.library != nil, "gcc's libasan.so is not installed"),
        arguments: ["null-read", "fault-on-worker", "overflow-worker", "in-signal-handler", "abort", "double-free"])
    func addressSanitizerIsPreloaded(name: String) throws {
        let program = try CrashProgram.named(name)
        let library = try #require(AddressSanitizer.library)
        let crash = try program.run(environment: ["LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"])
        defer { crash.process.kill() }
        let text = crash.standardError
        // It leaves SIGABRT alone, and ends the process itself where it has found something.
        #expect(crash.status == (name == "abort" ? program.status : 1), "\(text)")
        #expect(text.contains("ERROR: AddressSanitizer") == (name != "abort"), "\(text)")
        // What it finds in free() comes to no signal.
        #expect(try crash.crashReports().count == (name == "double-free" ? 0 : 1), "\(text)")
        guard name != "double-free" else { return }
        let report = try #require(try crash.report(), "\(text)")
        #expect(report.completeness.finishedBy == "helper process", "\(report.completeness.gaps)")
        let functions = report.threads.first?.frames.compactMap(\.function) ?? []
        #expect(program.functions.allSatisfy(functions.contains), "\(functions)")
    }
}

private enum AddressSanitizer {
    /// gcc's, which may be preloaded into a program that was not made for it.
    static let library: String? = {
        let run = try? ToolRun.run("gcc", ["-print-file-name=libasan.so"])
        // The bare name where there is none.
        guard let path = run?.text.trimmingCharacters(in: .newlines), path.hasPrefix("/") else { return nil }
        return path
    }()
}
