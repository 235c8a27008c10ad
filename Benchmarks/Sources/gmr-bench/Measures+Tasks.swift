extension Measures {
    /// Swift tasks, and the heap that is searched for them. Nothing that comes with Swift 6.3.1 for Linux lists those of
    /// a process; the nearest is oslo.reports, which lists the green threads of Python.
    mutating func tasks() throws {
        for (count, limit) in [(1000, nil), (10_000, 100e6), (100_000, nil)] as [(Int, Double?)] {
            let target = try Target(self.target, threads: 0)
            try target.command("tasks \(count) 0")
            let lists = try TaskLists(of: target, repetitions: 7)
            table.add(
                "\(count) suspended tasks found and read", target: limit.map { "≤ \(Unit.text($0))" } ?? "",
                measured: lists.reading.duration, peer: Self.rate(of: count, in: lists.reading),
                isMet: limit.map { lists.reading.median <= $0 })
            let cut = lists.counts.filter { $0 < count }
            table.add(
                "… signal to whole report", measured: lists.report.duration,
                peer: cut.isEmpty
                    ? Self.rate(of: count, in: lists.report)
                    : "\(cut.count) of \(lists.counts.count) reports list only \(cut.min() ?? 0) tasks")
            if count <= 10_000 { try greenThreads(count, report: lists.report) }
        }
        for gigabytes in [1, 4] { try search(gigabytes: gigabytes, tasks: 1000) }
    }

    private static func rate(of count: Int, in sample: Sample) -> String {
        "\(Int(Double(count) / sample.median * 1e9)) tasks per second"
    }

    private mutating func search(gigabytes: Int, tasks: Int) throws {
        let target = try Target(self.target, threads: 0)
        try target.command("tasks \(tasks) \(gigabytes * 1000)")
        let present = ProcessFootprint(pid: target.process.pid).anonymousBytes
        guard present >= gigabytes * 1_000_000_000 else { throw BenchError("only \(present) bytes of heap are in use") }
        let lists = try TaskLists(of: target, repetitions: 7)
        let share = Int(min((lists.searched.min() ?? 0) / Double(present) * 100, 100))
        let extent =
            lists.cutCount == 0
            ? "all of it"
            : "\(lists.cutCount) of \(lists.counts.count) ended at the limit of 1 s, after \(share) % of it"
        table.add(
            "search of \(gigabytes) GB of heap with \(tasks) tasks in it", measured: lists.reading.duration,
            peer: "\(Unit.text(lists.perGigabyte.median)) a GB; \(extent), \(lists.counts.min() ?? 0) tasks found")
    }

    private mutating func greenThreads(_ count: Int, report: Sample) throws {
        let what = "oslo.reports, \(count) green threads of Python"
        guard let oslo = try OsloReports() else {
            table.add(what, measured: "not here")
            return
        }
        let sample = try oslo.reports(ofGreenThreads: count, repetitions: count > 1000 ? 1 : 3)
        let ratio = Unit.decimal(sample.median / report.median)
        table.add(what, measured: sample.duration, peer: "\(ratio) × the whole report of as many tasks")
    }
}
