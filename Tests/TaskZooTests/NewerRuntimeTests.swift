import Foundation
import ProcessKit
import Testing

/// A runtime that lists its tasks itself, and may have larger ones: as after Swift 6.3.
@Suite(.timeLimit(.minutes(10))) struct NewerRuntimeTests {
    private static let nested = TaskProgram.named("continuation")
    private static let parents = TaskProgram.named("async-let")

    @Test(arguments: TaskProgram.all) func tasksAreListed(program: TaskProgram) throws {
        try TaskZooTests.check(program, environment: Self.runtime())
    }

    @Test func theRuntimesListIsEnough() throws {
        let report = try Self.nested.report(environment: Self.runtime(["NEWER_FORGETS": "4"]))
        #expect(report.tasks.map { $0.name ?? "" } == ["starter", "detached"], "nobody looked for others")
        #expect(report.completeness.tasksFound == 2 && report.completeness.gaps.isEmpty)
    }

    /// Tasks are made, end, and have others in their places while their lists are walked.
    @Test func listsThatChangeTellNothingTwice() throws {
        try BusyServiceTests.reports(100, of: "busy", environment: Self.runtime()) {
            try BusyServiceTests.check($0, number: $1)
        }
    }

    /// The second task is one of GMR's own, without which there is something wrong with the list.
    @Test(arguments: ["NEWER_IS_OFF": "1", "NEWER_LOOPS": "1", "NEWER_FORGETS": "2"])
    func withoutAListTheyAreSearched(setting: String, value: String) throws {
        try TaskZooTests.check(Self.nested, environment: Self.runtime([setting: value]))
    }

    @Test func whatLiesBehindLargerTasksIsHeldAgainstKnownOnes() throws {
        let report = try Self.parents.report(environment: Self.runtime(options: ["-DTASK_BYTES=0xf0"]))
        let names = report.tasks.map { $0.name ?? "" }
        #expect(names == ["starter", "parent", ""] && report.tasks.allSatisfy { $0.parent == nil })
        #expect(report.completeness.gaps.count { $0.contains("parents left out") } == 1, "it is not there in truth")
    }

    /// Neither is a runtime unknown whose tasks were not reached.
    @Test func aSearchThatIsCutIsNoUnknownRuntime() throws {
        let settings = ["NEWER_IS_OFF": "1", "GMR_TASK_SEARCH_MS": "1"]
        let environment = try Self.runtime(settings, options: ["-DTASK_BYTES=0xf0"])
        let report = try TaskProgram.named("many").report(environment: environment)
        #expect(report.completeness.gaps.contains { $0.contains("for time was over") })
        #expect(!report.completeness.gaps.contains { $0.contains("is not known") })
    }

    @Test(arguments: ["-DTASK_BYTES=0x140", "-DTASK_BYTES=0xd8", "-DTASK_BYTES=0x1000", "-DLAYOUT_VERSION=2"])
    func nothingIsReadOfAnUnknownOne(option: String) throws {
        let report = try Self.parents.report(environment: Self.runtime(options: [option]))
        #expect(report.tasks.isEmpty && report.verdict.kind == "none")
        #expect(report.completeness.gaps.count { $0.contains("runtime is not known; none was read") } == 1)
    }

    /// What preloads it.
    /// - Parameter options: For the compiler.
    @available(*, noasync)
    private static func runtime(
        _ settings: [String: String] = [:], options: [String] = []
    ) throws -> [String: String] {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Runtimes/newer.c")
        let library = ChildProcess.built("newer\(options.joined()).so")
        let part = "\(library).\(UUID().uuidString)"
        let run = try ToolRun.run("cc", ["-g", "-O1", "-fPIC", "-shared", "-o", part, source.path] + options)
        guard run.status == 0, rename(part, library) == 0 else {
            throw ProcessFailure(description: "cc \(source.path): \(run.text)")
        }
        return settings.merging(["LD_PRELOAD": library]) { $1 }
    }
}
