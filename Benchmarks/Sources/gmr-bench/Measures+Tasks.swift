extension Measures {
    /// Swift tasks, which nothing else lists from outside a debugger, and the heap that is searched for them.
    mutating func tasks() throws {
        for (count, limit) in [(1000, nil), (10_000, 100e6), (100_000, nil)] as [(Int, Double?)] {
            let target = try Target(self.target, threads: 0)
            try target.command("tasks \(count)")
            _ = try target.report()
            let reports = try (0..<7).map { _ in try target.report() }
            let sample = Sample(try reports.map { try Self.duration(of: "tasks", in: $0.text) })
            table.add(
                "\(count) suspended tasks found and read", target: limit.map { "≤ \(Unit.text($0))" } ?? "",
                measured: sample.duration, peer: "\(Int(Double(count) / sample.median * 1e9)) tasks per second",
                isMet: limit.map { sample.median <= $0 })
            table.add("… signal to whole report", measured: Sample(reports.map(\.nanoseconds)).duration)
        }
        for mebibytes in [256, 1024] {
            let target = try Target(self.target, threads: 0)
            try target.command("tasks 1")
            try target.command("heap \(mebibytes)")
            _ = try target.report()
            let sample = Sample(try (0..<7).map { _ in try Self.duration(of: "tasks", in: target.report().text) })
            table.add(
                "search of \(mebibytes) MiB of heap", measured: sample.duration,
                peer: "\(Unit.text(sample.median / Double(mebibytes) * 1024)) a GiB")
        }
    }
}
