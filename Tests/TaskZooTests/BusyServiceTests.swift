import Foundation
import ProcessKit
import Testing

/// One healthy process that waits a lot, and many reports of it.
@Suite(.timeLimit(.minutes(10))) struct BusyServiceTests {
    /// `GMR_HEALTHY_REPORTS` sets how many reports are made.
    @Test func aBusyServiceHasNoVerdict() throws {
        let count = ProcessInfo.processInfo.environment["GMR_HEALTHY_REPORTS"].flatMap(Int.init) ?? 100
        try Self.reports(count, of: "busy") { try Self.check($0, number: $1) }
    }

    /// A task that runs on while it is read must not be given the stack of the one before it on that thread.
    @Test func tasksThatFollowEachOtherAreNotMixed() throws {
        let others = ["parent": "childComputes()", "child": "parentComputes(_:)"]
        try Self.reports(20, of: "hand-over") { report, number in
            #expect(report.verdict.kind == "none", "report \(number): \(report.verdict.summary)")
            for task in report.tasks {
                guard let name = task.name, let other = others[name], let tid = task.thread else { continue }
                let frames = try #require(report.threads.first { $0.tid == tid }).frames + task.stack
                #expect(!frames.contains { $0.function == other }, "report \(number): \(name)")
            }
        }
    }

    /// A task that has left its actor has the actor on its stack all the same.
    @Test func whoHasLeftAnActorIsNotOnIt() throws {
        try Self.reports(3, of: "left-actor") { report, number in
            #expect(report.verdict.kind == "none", "report \(number): \(report.verdict.summary)")
            let step = try #require(report.tasks.first { $0.name == "step" })
            #expect(step.waitsFor?.kind == "actor" && step.waitsFor?.heldByTask == nil, "report \(number)")
        }
    }

    /// What a report has read must not be found by the next one.
    @Test func eachReportOfAStarvedPoolSaysSo() throws {
        try Self.reports(4, of: "pool-of-children") { report, number in
            #expect(report.verdict.kind == "poolStarved", "report \(number): \(report.verdict.summary)")
            #expect(Set(report.tasks.map(\.id)).count == report.tasks.count, "report \(number)")
        }
    }

    static func reports(
        _ count: Int, of program: String, environment: [String: String] = [:],
        check: (ReportDocument, Int) throws -> Void
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        let process = try ChildProcess(
            ChildProcess.built("TaskZoo"), [program],
            environment: environment.merging(["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json"]) { $1 },
            directory: directory)
        defer { process.kill() }
        try #require(process.readLine() == "ready", "\(process.standardError)")
        let reports = ReportDirectory(directory, serviceName: "taskzoo")
        for number in 1...count {
            kill(process.pid, SIGUSR2)
            try check(reports.nextDocument(within: .seconds(30)), number)
        }
    }

    static func check(_ report: ReportDocument, number: Int) throws {
        #expect(report.verdict.kind == "none", "report \(number): \(report.verdict.summary)")
        #expect(report.locks.deadlocks.isEmpty, "report \(number)")
        #expect(report.completeness.finishedBy == "helper process", "report \(number): \(report.completeness.gaps)")
        #expect(Set(report.tasks.map(\.id)).count == report.tasks.count, "report \(number): numbers are unique")
        let own = report.tasks.filter { $0.name?.hasPrefix("blocks ") == true }
        #expect(own.count == 8, "report \(number): \(report.tasks.compactMap(\.name))")
        // A thread runs one task, and both say so.
        let running = report.tasks.filter { $0.thread != nil }
        #expect(Set(running.map(\.thread)).count == running.count, "report \(number)")
        for task in running {
            #expect(report.threads.first { $0.tid == task.thread }?.task == task.id, "report \(number): \(task)")
        }
    }
}
