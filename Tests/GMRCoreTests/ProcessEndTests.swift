import GMRCore
import Testing

@Suite struct ProcessEndTests {
    private static let time = Timestamp(nanosecondsSinceEpoch: 1_795_000_000_000_000_000)
    private static func group(kills: UInt64, limit: UInt64? = 512 << 20, peak: UInt64? = nil) -> MemoryGroupChange {
        MemoryGroupChange(path: "/system.slice/x.service", killCount: kills, limitBytes: limit, peakBytes: peak)
    }

    @Test(arguments: [
        (
            ProcessEnd(time: time, signal: "SIGKILL", memoryGroup: group(kills: 1, peak: 511 << 20)),
            "killed by SIGKILL; its cgroup /system.slice/x.service has counted an out-of-memory kill meanwhile (memory "
                + "limit 512 MiB, at most 511 MiB used)."
        ),
        (
            ProcessEnd(time: time, signal: "SIGKILL", memoryGroup: group(kills: 3, limit: nil)),
            "killed by SIGKILL; its cgroup /system.slice/x.service has counted 3 out-of-memory kills meanwhile (no memory "
                + "limit of its own)."
        ),
        (
            ProcessEnd(time: time, signal: "SIGKILL", memoryGroup: group(kills: 0)),
            "killed by SIGKILL. Not for lack of memory in its cgroup: somebody, or a service manager whose patience was "
                + "over, sent it."
        ),
        (
            ProcessEnd(time: time, signal: "SIGKILL"),
            "killed by SIGKILL. Whether it was for lack of memory cannot be seen here: look into the kernel's log."
        ),
        (ProcessEnd(time: time, signal: "SIGSEGV", hasCoreDump: true), "killed by SIGSEGV, with a core dump."),
        (ProcessEnd(time: time), "this kernel does not tell how, by a signal or by _exit()."),
    ])
    func theVerdictIsInWords(end: ProcessEnd, words: String) {
        let verdict = Verdict(end: end)
        #expect(verdict.kind == .crash)
        #expect(verdict.summary == "The process ended without a report: " + words)
    }

    @Test func programsReadItToo() {
        let end = ProcessEnd(
            time: Self.time, signal: "SIGKILL", hasCoreDump: false, memoryGroup: Self.group(kills: 1, peak: 1 << 20))
        let report = Report(
            generated: Self.time, trigger: Trigger(kind: .crash, signal: "SIGKILL", end: end),
            process: ProcessIdentity(pid: 7), package: Package(product: "orders"), verdict: Verdict(end: end))
        let json = JSONRenderer.render(report)
        #expect(json.contains(#""trigger": {"kind": "crash", "signal": "SIGKILL""#), "\(json)")
        #expect(json.contains(#""signal": "SIGKILL", "coreDump": false, "cgroup": "/system.slice/x.service""#))
        #expect(json.contains(#""memoryKills": 1, "memoryLimitBytes": 536870912, "memoryPeakBytes": 1048576"#))
        #expect(TextRenderer.render(report).contains("trigger = the process ended without a report\n"))
    }
}
