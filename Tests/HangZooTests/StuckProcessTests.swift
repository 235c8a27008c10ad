import Foundation
import Testing

extension ZooSuites {
    /// The report comes out of a process that cannot do anything any more.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct StuckProcessTests {
        /// What the helper needs when all is quiet is a tenth of this; the promise is a second.
        private static let patience: Duration = .seconds(3)

        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                "malloc-lock", "malloc-lock-all", "stdio-lock", "dlopen-constructor", "dl-iterate-phdr", "memory-limit",
                "exhausted-descriptors", "closed-descriptors",
            ])
        func theHelperDeliversACompleteReport(_ name: String) throws {
            try withZoo(ZooCatalog.named(name)) { zoo in
                let begin = ContinuousClock.now
                let report = try zoo.report()
                #expect(ContinuousClock.now - begin < Self.patience)
                #expect(report.finishedBy == "helper process")
                #expect(report.threadsCaptured == report.threadsFound)
                #expect(report.sectionTitles == ["Zoo"], "a section that cannot be made is there with its reason")
            }
        }

        /// Where GMR may not have a descriptor table of its own, the application closes its descriptors too.
        @Test(.timeLimit(.minutes(5)))
        func descriptorsThatTheApplicationClosedAreOpenedAnew() throws {
            let environment = ["ZOO_FORBID_UNSHARE": "1"]
            try withZoo(ZooCatalog.named("closed-descriptors"), environment: environment) { zoo in
                for _ in 0..<2 {
                    let report = try zoo.report()
                    #expect(report.finishedBy == "helper process")
                    #expect(report.threadsCaptured == report.threadsFound)
                    #expect(report.sectionTitles == ["Zoo"])
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aSectionThatCannotBeMadeSaysWhy() throws {
            try withZoo(ZooCatalog.named("malloc-lock-all")) { zoo in
                let report = try zoo.report()
                #expect(report.sectionErrors.first?.contains("holds a lock") == true)
            }
            try withZoo(ZooCatalog.named("memory-limit")) { zoo in
                let report = try zoo.report()
                #expect(report.sectionErrors.first?.contains("no memory") == true)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func withoutExecTheWorkerDeliversAndSaysSo() throws {
            try withZoo(ZooCatalog.named("exec-forbidden")) { zoo in
                let report = try zoo.report()
                #expect(report.finishedBy == "worker thread")
                #expect(report.gaps.contains { $0.contains("no helper process") && $0.contains("not permitted") })
            }
        }

        /// Neither exec nor malloc: what is left is frames without names, and why.
        @Test(.timeLimit(.minutes(5)))
        func withoutExecAndMallocTheRawReportComes() throws {
            let environment = ["ZOO_FORBID_EXEC": "1", "GMR_HELPER_SILENCE_MS": "2000"]
            try withZoo(ZooCatalog.named("malloc-lock-all"), environment: environment) { zoo in
                kill(zoo.pid, SIGUSR2)
                try zoo.waitForStandardError("gmr: end of the raw report")
                let text = zoo.standardError
                #expect(text.contains("Guru Meditation (raw)"))
                #expect(text.contains("malloc-waiter") && text.contains("libc.so.6+0x"))
                #expect(text.contains("worker thread is blocked"))
            }
        }
    }
}
