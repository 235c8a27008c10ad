import Foundation
import ProcessKit
import Testing

/// Real programs whose threads wait for each other: reports name exactly what the truth at each program says.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LockZooTests {
    @Test(arguments: try LockProgram.all())
    func theReportNamesExactlyThese(program: LockProgram) throws {
        var report = try program.report()
        // A thread that spins is found to wait only where the signal met it in the kernel, as it does mostly.
        let spins = program.deadlocks.contains { $0.contains("hot-") }
        for _ in 0..<10 where spins && report.deadlocks.isEmpty { report = try program.report() }
        #expect(report.deadlocks.sorted() == program.deadlocks.sorted(), "\(report.summary)")
        for wait in program.waits {
            #expect(report.waits.contains(wait), "\(report.waits)")
        }
        let kind = program.deadlocks.isEmpty ? ["none", "lockConvoy"] : ["deadlock"]
        #expect(kind.contains(report.verdict), "\(report.summary)")
    }

    /// Of a sandbox that ends who calls ptrace(2).
    @Test func aMutexThatCannotBeFoundIsAGap() throws {
        let program = try #require(LockProgram.all().first { $0.name == "priority-inheriting-two-selves" })
        let report = try program.report(filter: SystemCallFilter.killing(101))
        #expect(report.deadlocks.isEmpty && report.waits.sorted() == ["alpha mutex - refused", "beta mutex - refused"])
        #expect(report.gaps.count { $0.contains(", and 1 more: the kernel has refused") } == 1, "\(report.gaps)")
    }

    /// `GMR_HEALTHY_REPORTS` sets how many reports are made of each.
    @Test(arguments: try LockProgram.healthy())
    func aHealthyProgramHasNone(name: String) throws {
        let count = ProcessInfo.processInfo.environment["GMR_HEALTHY_REPORTS"] ?? "100"
        let run = try ToolRun.run(
            ChildProcess.built("LockZoo"), ["--healthy", name, count], environment: ChildProcess.patience,
            deadline: .seconds(3600))
        #expect(run.status == 0, "\(run.text)")
        #expect(!run.text.contains("certain:") && !run.text.contains("likely:"), "\(run.text)")
        #expect(run.text.contains("reports: \(count), waits with an owner: "), "\(run.text)")
    }
}
