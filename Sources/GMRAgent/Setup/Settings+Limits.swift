import CUnwindShim
import GMRCore

extension Settings {
    /// What the agent can keep to: sums of times must not overflow, and the arena has so many slots. The environment
    /// is held to narrower limits; these are for what the program sets, and for a set-up record that was damaged.
    mutating func keepWithinLimits() {
        captureDeadline = captureDeadline.limited
        // A crash waits for the report under way, no longer than its patience.
        taskSearchLimit = min(max(taskSearchLimit, .milliseconds(1)), .seconds(5))
        sectionDeadline = sectionDeadline.limited
        helperSilence = helperSilence.limited
        crashPatience = min(max(crashPatience, .seconds(4)), .seconds(60))
        fileEventHandlerInterval = min(max(fileEventHandlerInterval, .milliseconds(10)), .seconds(3600))
        watchdogLimit = watchdogLimit.map { min(max($0, .milliseconds(100)), .seconds(3600)) }
        watchdogPause = min(max(watchdogPause, .milliseconds(1)), .seconds(86_400))
        maximumThreadCount = min(max(maximumThreadCount, 64), Int(GMR_MAX_THREADS))
    }
}

extension Duration {
    /// A millisecond at least, an hour at most.
    var limited: Duration { min(max(self, .milliseconds(1)), .seconds(3600)) }

    /// At most what 64 bits hold; 0 for less than nothing.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard self > .zero else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ UInt64(attoseconds / 1_000_000_000)
    }
}
