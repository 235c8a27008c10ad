import Testing

extension ZooSuites {
    /// The report's own account of what it reached.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct CompletenessTests {
        @Test(
            .timeLimit(.minutes(5)),
            arguments: ["threads-64", "threads-1000", "masked-signals", "syscalls-20", "sigpending-0", "not-dumpable"])
        func everyThreadIsFoundAndCaptured(_ name: String) throws {
            let zooCase = ZooCatalog.named(name)
            try withZoo(zooCase) { zoo in
                let report = try zoo.report()
                let expected = zooCase.threads.reduce(1) { $0 + $1.count }  // and the main thread
                #expect(report.threadsFound >= expected)
                #expect(report.threadsCaptured == report.threadsFound)
                #expect(report.threads.count == report.threadsFound)
                #expect(report.gaps.isEmpty)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aThreadThatCannotBeCapturedIsANamedGap() throws {
            try withZoo(ZooCatalog.named("masked-spin")) { zoo in
                let report = try zoo.report()
                let hidden = try #require(report.threads(named: "hot-masked").first)
                #expect(report.threadsFound == report.threads.count)
                if hidden.capture == "none" {
                    #expect(report.threadsCaptured == report.threadsFound - 1)
                    #expect(hidden.captureProblem?.isEmpty == false)
                    #expect(report.gaps.contains { $0.contains("\(hidden.observed.tid)") })
                } else {
                    #expect(hidden.capture == "ptrace", "neither a signal nor /proc shows this thread")
                }
            }
        }
    }
}
