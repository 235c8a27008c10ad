/// Decides when a report is made: once for each silence, and not more often than the pause allows. It knows no clock.
struct WatchdogJudge {
    /// In nanoseconds.
    let limit: UInt64
    let pause: UInt64
    private var mayReportFrom: UInt64 = 0

    init(limit: UInt64, pause: UInt64) {
        self.limit = limit
        self.pause = pause
    }

    /// - Parameter answersAgain: Told of each target whose silence was reported and is over, with how long it was.
    /// - Returns: Who is to be reported, for how long it was silent: the longest of all. The report is about the others
    ///   that have been silent for too long as well. A silence within the pause is reported at its end, if it still
    ///   lasts then.
    mutating func judge(
        _ targets: [WatchedTarget], after round: WatchdogRound, answersAgain: (WatchedTarget, UInt64) -> Void
    ) -> (target: WatchedTarget, silence: UInt64)? {
        var longest: (target: WatchedTarget, silence: UInt64)?
        for target in targets {
            let outcome = target.outcome(of: round)
            if let silence = outcome.answeredAfter { answersAgain(target, silence) }
            guard outcome.silence >= limit, round.now >= mayReportFrom, !outcome.isReported else { continue }
            target.noteReported()
            if outcome.silence > longest?.silence ?? 0 { longest = (target, outcome.silence) }
        }
        if longest != nil { mayReportFrom = round.now &+ pause }
        return longest
    }
}
