import Foundation
import Testing

extension ZooSuites {
    /// A report leaves nothing behind in the process.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct GrowthTests {
        private struct Size {
            var residentKiB: Int
            var threads: Int
            var descriptors: Int
            var mappings: Int

            init(of pid: Int32) throws {
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                func number(_ key: String) -> Int {
                    let line = status.split(separator: "\n").first { $0.hasPrefix("\(key):") } ?? ""
                    return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? -1
                }
                residentKiB = number("VmRSS")
                threads = number("Threads")
                descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
                mappings = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8).split(separator: "\n").count
            }
        }

        @Test(.timeLimit(.minutes(30)))
        func aThousandReportsLeaveNothingBehind() throws {
            var zooCase = ZooCatalog.named("threads-64")
            zooCase.alarmSeconds = 1800
            try withZoo(zooCase) { zoo in
                // What is made once (caches, the first use of a path) is there after some reports.
                for _ in 0..<50 { _ = try zoo.report() }
                let before = try Size(of: zoo.pid)
                for round in 0..<1000 {
                    if round % 100 == 0 {
                        let report = try zoo.report()
                        #expect(report.threadsCaptured == report.threadsFound)
                    } else {
                        kill(zoo.pid, SIGUSR2)
                        _ = try zoo.logDirectory.nextName(within: .seconds(30))
                    }
                }
                // The last of GMR's threads may be about to end.
                let end = ContinuousClock.now + .seconds(20)
                var after = try Size(of: zoo.pid)
                while after.threads != before.threads, ContinuousClock.now < end {
                    usleep(10_000)
                    after = try Size(of: zoo.pid)
                }
                #expect(after.threads == before.threads)
                #expect(after.descriptors == before.descriptors)
                #expect(after.mappings <= before.mappings + 2)
                // One page a report would be 4,000 KiB.
                #expect(after.residentKiB <= before.residentKiB + 1024, "from \(before) to \(after)")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func reportsOfOneSecondHaveNamesOfTheirOwn() throws {
            try withZoo(ZooCatalog.named("mutex")) { zoo in
                var names: Set<String> = []
                for _ in 0..<10 { names.insert(try zoo.report().fileName) }
                #expect(names.count == 10)
            }
        }
    }
}
