/// What some reports of one process say of its tasks, after a first one that is not counted.
struct TaskLists {
    /// Tasks in each report.
    private(set) var counts: [Int] = []
    /// Bytes of heap that each report searched, and how many reports had no time for all of it.
    private(set) var searched: [Double] = []
    private(set) var cutCount = 0
    /// The time that it took in the process, and from the signal to the last line.
    let reading, report: Sample
    let perGigabyte: Sample

    init(of target: Target, repetitions: Int) throws {
        _ = try target.report()
        var readings: [Double] = []
        var reports: [Double] = []
        for _ in 0..<repetitions {
            let report = try target.report()
            reports.append(report.nanoseconds)
            readings.append(try Measures.duration(of: "tasks", in: report.text))
            searched += try target.ask("searched")
            counts.append(Self.count(in: report.text))
            if report.text.contains("Swift tasks: the search ended after") { cutCount += 1 }
        }
        reading = Sample(readings)
        report = Sample(reports)
        perGigabyte = Sample(zip(readings, searched).map { $0 / $1 * 1e9 })
    }

    /// `1001 Swift tasks found`
    private static func count(in text: String) -> Int {
        let line = text.split(separator: "\n").first { $0.hasSuffix(" Swift tasks found") }
        return line.flatMap { Int($0.prefix { $0 != " " }) } ?? 0
    }
}
