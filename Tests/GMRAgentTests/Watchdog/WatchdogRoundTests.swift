import Testing

@testable import GMRAgent

/// How much of a round counts: starved by the machine is not hung. Times in milliseconds.
@Suite struct WatchdogRoundTests {
    @Test(
        arguments: [
            // Nothing runs: a deadlock, on an idle machine and on one where a wake-up takes 20 ms.
            (0, 0, 2, 1000), (1, 20, 2, 980),
            // Both processors are the process's own, also where more of its threads want them.
            (2000, 0, 2, 1000), (2000, 60_000, 2, 1000),
            // One thread that has half a processor, two that have a tenth of theirs.
            (500, 500, 2, 500), (200, 1800, 2, 100),
            // One that never gets any; a quota that is used up.
            (0, 1000, 2, 0), (500, 3500, 64, 125),
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func whatOthersHaveOfTheProcessorsIsLost(ran: UInt64, waited: UInt64, processors: UInt64, countable: UInt64) {
        let share = MachineShare(ran: ran, waited: waited, processors: processors)
        #expect(WatchdogRound(now: 5000, elapsed: 1000, share: share).countable == countable)
    }

    /// It may have been stopped before the watchdog meant to wake.
    @Test func aStoppedProcessLosesTheTimeItWasStopped() {
        #expect(WatchdogRound(now: 1_000_000, elapsed: 60_250, late: 60_000).countable == 0)
        #expect(WatchdogRound(now: 1_000_000, elapsed: 260, late: 10).countable == 240)
    }

    @Test func aThrashingMachineLosesTime() {
        let share = MachineShare(stalled: 900)
        #expect(WatchdogRound(now: 5000, elapsed: 1000, share: share).countable == 100)
        #expect(WatchdogRound(now: 5000, elapsed: 1000, share: MachineShare(stalled: 9000)).countable == 0)
    }

    /// A watchdog that woke late because there was no processor for it.
    @Test func oneLossIsNotTakenOffTwice() {
        let share = MachineShare(ran: 0, waited: 1000)
        #expect(WatchdogRound(now: 5000, elapsed: 3000, late: 500, share: share).countable == 2000)
    }
}
