import Foundation
import ProcessKit
import Testing

/// One healthy process that waits a lot, and many reports of it.
@Suite(.timeLimit(.minutes(10))) struct BusyServiceTests {
    /// `GMR_HEALTHY_REPORTS` sets how many reports are made.
    @Test func aBusyServiceHasNoVerdict() throws {
        let count = ProcessInfo.processInfo.environment["GMR_HEALTHY_REPORTS"].flatMap(Int.init) ?? 100
        let directory = try ChildProcess.makeDirectory()
        let process = try ChildProcess(
            ChildProcess.built("TaskZoo"), ["busy"],
            environment: ["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json"], directory: directory)
        defer { process.kill() }
        try #require(process.readLine() == "ready", "\(process.standardError)")
        let reports = ReportDirectory(directory, serviceName: "taskzoo")
        for number in 1...count {
            kill(process.pid, SIGUSR2)
            let name = try reports.nextName(within: .seconds(30))
            try Self.check(.decode(Data(contentsOf: directory.appending(path: name))), number: number)
        }
    }

    private static func check(_ report: ReportDocument, number: Int) throws {
        #expect(report.verdict.kind == "none", "report \(number): \(report.verdict.summary)")
        #expect(report.locks.deadlocks.isEmpty, "report \(number)")
        #expect(report.completeness.finishedBy == "helper process", "report \(number)")
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
