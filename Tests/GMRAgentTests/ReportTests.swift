import Foundation
import GMRAgent
import Testing

extension AgentTests {
    /// Reports for callers: the capture, the symbols and the sections of this very process.
    @Suite struct Reports {
        @Test func aReportShowsAThreadThatWaits() async throws {
            try await withAgent { gmr in
                let gate = DispatchSemaphore(value: 0)
                let thread = Thread { markedThreadWaits(for: gate) }
                thread.name = "marked"
                thread.start()
                defer { gate.signal() }
                let report = try await report(of: gmr) { report in
                    report.threads.contains {
                        $0.frames.contains { $0.function?.contains("markedThreadWaits") == true }
                    }
                }
                #expect(report.package.product == "tests")
                #expect(report.trigger.kind == .api)
                #expect(report.process.pid == getpid())
                #expect(report.completeness.threadsCaptured == report.completeness.threadsFound)
                let frames = report.threads.flatMap(\.frames)
                let marked = try #require(frames.first { $0.function?.contains("markedThreadWaits") == true })
                #expect(marked.file?.hasSuffix("ReportTests.swift") == true)
                #expect(marked.source == "gate.wait()")
                let own: Set = ["gmr-agent", "gmr-worker", "gmr-sections"]
                #expect(!report.threads.contains { own.contains($0.name ?? "") })
            }
        }

        @Test func manyCallersAreAllAnswered() async throws {
            try await withAgent { gmr in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<20 { group.addTask { try await gmr.report().threads.count } }
                    var answers = 0
                    for try await count in group where count > 0 { answers += 1 }
                    #expect(answers == 20)
                }
            }
        }

        /// However the two meet: a report or a refusal, and within the time limit.
        @Test func whoAsksWhileItIsStoppedIsAnswered() async throws {
            for round in 0..<40 {
                let gmr = try GuruMeditation.setUpAutorun(
                    package: "tests", signals: [.usr1], settings: Settings(helperSilence: .seconds(20)))
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            do throws(GuruMeditationError) {
                                _ = try await gmr.report()
                            } catch {
                                #expect(error.code == .notSetUp)
                            }
                        }
                    }
                    usleep(useconds_t(round * 50))
                    stop(gmr)
                }
            }
        }

        @Test func afterStopAReportIsRefused() async throws {
            let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
            stop(gmr)
            let error = await #expect(throws: GuruMeditationError.self) { try await gmr.report() }
            #expect(error?.code == .notSetUp)
        }
    }
}

@inline(never)
private func markedThreadWaits(for gate: DispatchSemaphore) {
    gate.wait()
    gate.signal()
}

/// Runs `body` with an agent that no signal of the test runner disturbs. Where the machine stands still for seconds,
/// neither its worker nor a thread of the test runner is hung for that.
func withAgent(
    settings: Settings = Settings(captureDeadline: .seconds(5), helperSilence: .seconds(20)),
    _ body: (GuruMeditation) async throws -> Void
) async throws {
    let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1], settings: settings)
    do {
        try await body(gmr)
    } catch {
        stop(gmr)
        throw error
    }
    stop(gmr)
}

/// Reports until one fulfils the condition: a thread needs a moment to get where it will wait.
func report(of gmr: GuruMeditation, until isReady: (Report) -> Bool) async throws -> Report {
    let end = ContinuousClock.now + .seconds(120)
    while true {
        let report = try await gmr.report()
        if isReady(report) { return report }
        try #require(
            ContinuousClock.now < end,
            "the process never got where the test wants it; last: \(TextRenderer.render(report))")
    }
}
