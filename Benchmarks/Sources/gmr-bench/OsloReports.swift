import Glibc

/// A service in Python whose reports are those of oslo.reports; it answers the same lines as BenchTarget.
struct OsloReports {
    private let target: Target

    /// The interpreter named by GMR_BENCH_PYTHON, else python3; nil where it has no oslo.reports or no greenlet.
    init?() throws {
        let python = getenv("GMR_BENCH_PYTHON").map { String(cString: $0) } ?? "python3"
        guard Measures.run(python, ["-c", "import greenlet, oslo_reports"]) != nil else { return nil }
        let service = #filePath.dropLast("Sources/gmr-bench/OsloReports.swift".count) + "Peers/oslo_service.py"
        target = try Target(python, [String(service)], threads: nil)
    }

    /// From the signal to the last line, of so many green threads: 10,000 take about a minute.
    func reports(ofGreenThreads count: Int, repetitions: Int) throws -> Sample {
        try target.command("tasks \(count) 0")
        return Sample(
            try (0..<repetitions).map { _ in
                let report = try target.report(seconds: 300)
                let listed = report.text.split(separator: "\n").count { $0.hasPrefix("------") && $0.contains("Green") }
                guard listed >= count else { throw BenchError("\(listed) of \(count) green threads are listed") }
                return report.nanoseconds
            })
    }
}
