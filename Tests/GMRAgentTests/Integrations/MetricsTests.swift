#if Metrics
    import Foundation
    import GMRAgent
    import Metrics
    import MetricsTestKit
    import Testing

    extension AgentTests {
        @Suite struct MetricsOfReports {
            @Test func reportsAreCountedAndTimed() async throws {
                let metrics = TestMetrics()
                let directory = NSTemporaryDirectory() + "gmr-metrics-\(getpid())"
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let gmr = try GuruMeditation.setUpAutorun(
                    package: "tests", signals: [.usr1], logDirectory: directory)
                defer { stop(gmr) }
                gmr.recordMetrics(factory: metrics)
                let (summaries, heard) = AsyncStream.makeStream(of: ReportSummary.self)
                gmr.addObserver { heard.yield($0) }
                kill(getpid(), SIGUSR1)
                _ = try #require(await summaries.first { _ in true })
                _ = try await gmr.report()
                _ = try #require(await summaries.first { _ in true })

                let signals = try metrics.expectCounter("gmr_reports_total", [("trigger", "signal")])
                #expect(signals.totalValue == 1)
                let calls = try metrics.expectCounter("gmr_reports_total", [("trigger", "api")])
                #expect(calls.totalValue == 1)
                #expect(try metrics.expectTimer("gmr_capture_seconds").values.count == 2)
                let renderings = try metrics.expectTimer("gmr_render_seconds").values
                #expect(renderings.count == 1 && renderings.allSatisfy { $0 > 0 })
                #expect(try metrics.expectCounter("gmr_report_failures_total").totalValue == 0)
            }
        }
    }
#endif
