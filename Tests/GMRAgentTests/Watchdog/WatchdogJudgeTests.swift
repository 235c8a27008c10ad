import Synchronization
import Testing

@testable import GMRAgent

/// Rounds of a watchdog, without its threads and its clock. Times in milliseconds.
@Suite struct WatchdogJudgeTests {
    /// A target that answers when it is told to.
    private final class Loop: Sendable {
        let target: WatchedTarget
        private let answer: Answer

        private final class Answer: Sendable {
            let pending = Mutex<[@Sendable () -> Void]>([])
        }

        init(_ name: String, countsFromFirstAnswer: Bool = false) {
            let answer = Answer()
            self.answer = answer
            target = WatchedTarget(name, countsFromFirstAnswer: countsFromFirstAnswer) { pending in
                answer.pending.withLock { $0.append(pending) }
            }
        }

        var sentCount: Int { answer.pending.withLock { $0.count } }

        /// All that were ever sent: one may be answered twice.
        func answers() {
            for answer in answer.pending.withLock({ $0 }) { answer() }
        }
    }

    private struct Scene {
        var judge = WatchdogJudge(limit: 100, pause: 1000)
        var loops: [Loop]
        var now: UInt64 = 0
        /// `event loop 1 100`; `event loop 1 again 125`
        var events: [String] = []

        init(_ loops: Loop...) { self.loops = loops }

        /// The watchdog's round: judges, then sends. Answers come meanwhile.
        mutating func run(
            _ count: Int = 1, answering: [Loop] = [], late: UInt64 = 0, share: MachineShare? = nil
        ) {
            for _ in 0..<count {
                for loop in loops { loop.target.sendHeartbeat(at: now) }
                for loop in answering { loop.answers() }
                now += 25 + late
                let round = WatchdogRound(now: now, elapsed: 25 + late, late: late, share: share)
                var again: [String] = []
                let report = judge.judge(loops.map(\.target), after: round) { target, silence in
                    again.append("\(target.name) again \(silence)")
                }
                events += again
                if let report { events.append("\(report.target.name) \(report.silence)") }
            }
        }
    }

    @Test func oneReportForEachSilence() {
        let loop = Loop("loop")
        var scene = Scene(loop)
        scene.run(10, answering: [loop])
        #expect(scene.events.isEmpty)
        scene.run(3)
        #expect(scene.events.isEmpty)
        scene.run(20)
        #expect(scene.events == ["loop 100"])
        let sentCount = loop.sentCount
        scene.run(20)
        #expect(loop.sentCount == sentCount, "one heartbeat at a time")
        scene.run(1, answering: [loop])
        #expect(scene.events == ["loop 100", "loop again 1075"])
    }

    @Test func aSecondSilenceWaitsForThePause() {
        let loop = Loop("loop")
        var scene = Scene(loop)
        scene.run(4)
        scene.run(1, answering: [loop])
        scene.run(35)
        #expect(scene.events == ["loop 100", "loop again 100"])
        scene.run(10)
        #expect(scene.events.last == "loop 975", "it still lasts when the pause is over")
        #expect(scene.events.count == 3)
    }

    @Test func aSilenceThatEndsWithinThePauseIsNotReported() {
        let loop = Loop("loop")
        var scene = Scene(loop)
        scene.run(4)
        scene.run(1, answering: [loop])
        scene.run(10)
        scene.run(100, answering: [loop])
        #expect(scene.events == ["loop 100", "loop again 100"])
    }

    @Test func oneReportIsAboutAllThatAreSilent() {
        let first = Loop("first")
        let second = Loop("second")
        let healthy = Loop("healthy")
        var scene = Scene(first, second, healthy)
        scene.run(1, answering: [second, healthy])
        scene.run(100, answering: [healthy])
        #expect(scene.events == ["first 100", "second 1075"])
        scene = Scene(Loop("one"), Loop("another"))
        scene.run(100)
        #expect(scene.events == ["one 100"])
    }

    @Test func whoHasNeverAnsweredMayNotBeThere() {
        let loop = Loop("main actor", countsFromFirstAnswer: true)
        var scene = Scene(loop)
        scene.run(100)
        #expect(scene.events.isEmpty)
        scene.run(1, answering: [loop])
        scene.run(4)
        #expect(scene.events == ["main actor 100"])
    }

    @Test func timeOfTheMachineDoesNotCount() {
        let loop = Loop("loop")
        var scene = Scene(loop)
        scene.run(3)
        scene.run(1, late: 3_600_000, share: MachineShare(ran: 25, waited: 0))
        #expect(scene.events.isEmpty, "an hour in which the process was stopped")
        scene.run()
        #expect(scene.events == ["loop 100"])
        let starved = Loop("starved")
        scene = Scene(starved)
        scene.run(8, share: MachineShare(ran: 0, waited: 25))
        #expect(scene.events.isEmpty)
        scene.run(8, share: MachineShare(ran: 25, waited: 25, processors: 4))
        #expect(scene.events == ["starved 104"], "half of the time")
    }

    /// One that was sent late in the round, and one that was sent between two rounds.
    @Test func eachHeartbeatCountsFromItsSending() {
        let loop = Loop("loop")
        var judge = WatchdogJudge(limit: 100, pause: 0)
        loop.target.sendHeartbeat(at: 1000)
        #expect(loop.target.outcome(of: WatchdogRound(now: 1010, elapsed: 500)).silence == 10)
        loop.answers()
        loop.target.sendHeartbeat(at: 1490)
        #expect(loop.target.outcome(of: WatchdogRound(now: 1500, elapsed: 490)).silence == 10)
        let report = judge.judge([loop.target], after: WatchdogRound(now: 1590, elapsed: 90)) { _, _ in }
        #expect(report?.silence == 100)
    }

    @Test func aLongNameIsCutBetweenCharacters() {
        let name = WatchedTarget(String(repeating: "ö", count: 100)) { _ in }.name
        #expect(name == String(repeating: "ö", count: 31))
    }
}
