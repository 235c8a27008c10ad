import Foundation
import ProcessKit
import Testing

/// `GMR_HELPER`: a program of its own that finishes the reports. One test at a time: a program cannot be executed while
/// another test's child has inherited the descriptor that it was written by.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HelperProgramTests {
    @Test func theToolFinishesReports() throws {
        let tool = ChildProcess.built("gmr")
        try Service.with(["GMR_HELPER": tool]) { service in
            for _ in 0..<2 {
                let report = try service.report()
                #expect(report.completeness.finishedBy == "helper process \(tool)")
                #expect(report.verdict.kind == "deadlock")
                #expect(report.functions.contains { $0.contains("workerTakesFirstThenSecond") })
                #expect(report.sections.map(\.title) == ["Pool"] && report.sections.first?.error == nil)
            }
            #expect(!service.process.standardError.contains("GMR_HELPER"))
        }
    }

    /// Whoever replaces the file later does not say what the service starts.
    @Test func whatIsPutInItsPlaceIsNotStarted() throws {
        let copy = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: copy) }
        let tool = copy.appending(path: "gmr").path
        try ToolRun.copy(ChildProcess.built("gmr"), to: URL(filePath: tool))
        try Service.with(["GMR_HELPER": tool]) { service in
            try FileManager.default.moveItem(atPath: tool, toPath: tool + ".old")
            try FileManager.default.copyItem(atPath: "/bin/true", toPath: tool)
            let completeness = try service.report().completeness
            #expect(completeness.finishedBy == "helper process \(tool).old", "\(completeness.gaps)")
        }
    }

    @Test(arguments: [
        ("/nowhere/gmr", "cannot be used: No such file or directory"),
        ("/", "is no program with GMR in it"),
        ("/bin/true", "is no program with GMR in it"),
        ("/etc/passwd", "cannot be used: Permission denied"),
    ])
    func whatCannotServeIsNotUsed(path: String, problem: String) throws {
        try Service.with(["GMR_HELPER": path]) { service in
            let line = try #require(
                service.process.standardError.split(separator: "\n").first { $0.contains("GMR_HELPER") })
            #expect(line.hasPrefix("gmr: GMR_HELPER=\(path) \(problem); the helper process is the program itself."))
            try #expect(service.report().completeness.finishedBy == "helper process")
        }
    }

    @Test func anotherVersionIsNotUsed() throws {
        let copy = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: copy) }
        let tool = copy.appending(path: "gmr")
        var program = try Data(contentsOf: URL(filePath: ChildProcess.built("gmr")))
        // The note's name; behind it the version of the arena.
        let note = try #require(program.range(of: Data([4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0x67, 0x6d, 0x72, 0])))
        program[note.upperBound] &+= 1
        try program.write(to: tool)
        chmod(tool.path, 0o755)
        try Service.with(["GMR_HELPER": tool.path]) { service in
            #expect(service.process.standardError.contains("has another version of GMR"))
            try #expect(service.report().completeness.finishedBy == "helper process")
        }
    }
}
