import Foundation
import ProcessKit
import Testing

extension ZooSuites {
    /// Every frame of a report agrees with gdb: the same physical and inlined frames, addresses and linker's names.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct AgreementTests {
        @Test(.timeLimit(.minutes(5)), arguments: ZooCatalog.all)
        func reportAgreesWithGDB(_ zooCase: ZooCase) throws {
            try withZoo(zooCase) { zoo in try Self.compare(zoo, zooCase) }
        }

        @Test(.enabled(if: ReleaseBuild.isWanted), .timeLimit(.minutes(10)), arguments: ZooCatalog.all)
        func reportOfAnOptimizedBuildAgreesWithGDB(_ zooCase: ZooCase) throws {
            let executable = try ReleaseBuild.executable("HangZoo")
            try withZoo(zooCase, executable: executable) { zoo in try Self.compare(zoo, zooCase) }
        }

        @available(*, noasync)
        private static func compare(_ zoo: ZooProcess, _ zooCase: ZooCase) throws {
            let report = try zoo.report()
            try expectSame(report, try zoo.report(), zooCase)
            let gdb = try GDBObserver().threads(of: zoo.pid).filter { !$0.belongsToGMR }
            let captured = report.threads.filter { $0.capture != "none" }.map(\.observed)
            var shown = zooCase
            shown.threads.removeAll { thread in
                if case .gapOrComplete = thread.expectation { return true }
                if case .completeOrTruncated = thread.expectation { return true }
                return false
            }
            expectTruth(of: shown, in: captured, seenBy: "the report")
            if !zooCase.threadsComeAndGo {
                let living = report.threads.filter { $0.state != "zombie" }  // gdb shows no zombies
                #expect(Set(living.map(\.observed.tid)) == Set(gdb.map(\.tid)), "the same threads")
            }

            var allDebugFiles: [ObservedThread]?
            func nameFromDebugFiles(_ address: UInt64) -> String? {
                if allDebugFiles == nil {
                    allDebugFiles = (try? GDBObserver(debugFiles: .installed).threads(of: zoo.pid)) ?? []
                }
                return allDebugFiles?.lazy.flatMap(\.frames).first { $0.address == address && !$0.isInlined }?.name
            }
            let comparison = StackComparison(aliases: ELFAliases(), nameFromDebugFiles: nameFromDebugFiles)
            for thread in report.threads where zooCase.stays(thread.observed) {
                let name = thread.observed.name ?? ""
                let expectation = zooCase.expectation(ofThreadNamed: thread.observed.name)
                if thread.capture == "none" {
                    expectGap(report, thread, expectation)
                    continue
                }
                guard let referee = gdb.first(where: { $0.tid == thread.observed.tid }) else {
                    Issue.record("gdb does not show \(name)")
                    continue
                }
                let difference = comparison.difference(
                    seen: thread.observed, referee: referee, label: "gdb", expectation: expectation,
                    isTruncated: thread.stop == "truncated", wasSignalled: thread.capture == "signal")
                #expect(difference == nil, "thread \(name) \(thread.observed.tid): \(difference ?? "")")
            }
        }

        /// The second report of a process walks with warm caches, and must see what the first one saw.
        private static func expectSame(_ first: GMRReport, _ second: GMRReport, _ zooCase: ZooCase) throws {
            for thread in first.threads where thread.capture == "noTouch" && !StackComparison.moves(thread.observed) {
                guard let again = second.threads.first(where: { $0.observed.tid == thread.observed.tid }) else {
                    #expect(zooCase.threadsComeAndGo, "\(thread.observed.name ?? "") is not in the second report")
                    continue
                }
                guard zooCase.stays(thread.observed), again.capture == "noTouch" else { continue }
                let addresses = thread.observed.frames.map(\.address)
                #expect(again.observed.frames.map(\.address) == addresses, "\(thread.observed.name ?? "")")
            }
        }

        /// A thread without a stack is a zombie, or one of which the scenario says that it may be; and it is a named gap.
        private static func expectGap(
            _ report: GMRReport, _ thread: GMRReport.Thread, _ expectation: ZooCase.Expectation
        ) {
            if thread.state == "zombie" { return }
            guard case .gapOrComplete = expectation else {
                Issue.record("\(thread.observed.name ?? "") was not captured: \(thread.captureProblem ?? "no reason")")
                return
            }
            #expect(thread.captureProblem?.isEmpty == false)
            #expect(report.gaps.contains { $0.contains("\(thread.observed.tid)") })
        }
    }
}
