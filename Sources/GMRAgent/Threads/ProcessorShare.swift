import GMRCore
import Glibc

/// How busy threads have been since they were captured.
enum ProcessorShare {
    /// Too short a time says nothing.
    private static let shortest: UInt64 = 5_000_000

    /// Sets `cpuPercent` of the threads that ran. Of the helper process or the worker thread.
    static func measure(_ threads: inout [ThreadSnapshot], of process: CapturedProcess) {
        for index in threads.indices where threads[index].state == .running {
            guard let before = threads[index].cpuNanoseconds,
                let line = ProcFile.text("/proc/\(process.pid)/task/\(threads[index].tid)/schedstat"),
                let after = line.split(separator: " ").first.flatMap({ UInt64($0) })
            else { continue }
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            let elapsed = UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec) &- process.factsRead
            guard elapsed >= shortest, elapsed < 1 << 40, after >= before else { continue }
            threads[index].cpuPercent = Int(min((after - before) * 100 / elapsed, 100))
        }
    }
}
