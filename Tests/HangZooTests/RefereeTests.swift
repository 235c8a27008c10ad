import ProcessKit
import Testing

extension ZooSuites {
    /// The referee refereed, and the zoo itself: gdb shows the truth of every scenario, and eu-stack, which shares no
    /// code with it, the same frames. These need no agent.
    @Suite struct RefereeTests {
        @Test(.timeLimit(.minutes(5)), arguments: ZooCatalog.all)
        func gdbShowsTheTruthAndEUStackAgrees(_ zooCase: ZooCase) throws {
            try withZoo(zooCase) { zoo in try Self.compare(zoo, zooCase) }
        }

        @Test(.enabled(if: ReleaseBuild.isWanted), .timeLimit(.minutes(10)), arguments: ZooCatalog.all)
        func gdbShowsTheTruthOfAnOptimizedBuildAndEUStackAgrees(_ zooCase: ZooCase) throws {
            let executable = try ReleaseBuild.executable("HangZoo")
            try withZoo(zooCase, executable: executable) { zoo in try Self.compare(zoo, zooCase) }
        }

        @available(*, noasync)
        private static func compare(_ zoo: ZooProcess, _ zooCase: ZooCase) throws {
            let gdb = try GDBObserver().threads(of: zoo.pid).filter { !$0.belongsToGMR }
            expectTruth(of: zooCase, in: gdb, seenBy: "gdb")
            if zooCase.mainThreadEnds { return }

            let second = try EUStackObserver().threads(of: zoo.pid).filter { !$0.belongsToGMR }
            if !zooCase.threadsComeAndGo {
                #expect(Set(gdb.map(\.tid)) == Set(second.map(\.tid)))
            }
            let comparison = StackComparison(aliases: ELFAliases(), ignoresInlinedFrames: true)
            for thread in second where zooCase.stays(thread) {
                guard let referee = gdb.first(where: { $0.tid == thread.tid }) else { continue }
                let difference = comparison.difference(
                    seen: thread, referee: referee, label: "gdb",
                    expectation: zooCase.expectation(ofThreadNamed: thread.name))
                #expect(difference == nil, "thread \(thread.name ?? "") \(thread.tid): \(difference ?? "")")
            }
        }
    }
}
