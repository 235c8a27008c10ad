import Glibc

/// Each fills the rows of one question. The targets are DESIGN.md's.
struct Measures {
    /// Where the executables are.
    let directory: String
    var table = Table()

    var target: String { directory + "/BenchTarget" }
    var largeTarget: String { directory + "/BenchTargetStatic" }

    // MARK: What the process notices

    mutating func hotThread() throws {
        for (threads, limit) in [(64, 100e3), (1000, 1e6)] {
            let target = try Target(target, threads: threads)
            try target.command("hot")
            _ = try target.reports(2)
            var own: [Double] = []
            var wall: [Double] = []
            var idleOwn: [Double] = []
            var idleWall: [Double] = []
            for _ in 0..<9 {
                try target.command("reset")
                let begin = monotonicNanoseconds()
                _ = try target.report()
                let gap = try target.ask("gap")
                let duration = monotonicNanoseconds() - begin
                try target.command("reset")
                usleep(UInt32(duration / 1000))
                let idle = try target.ask("gap")
                wall.append(gap[0])
                own.append(max(0, gap[1] - idle[1]))
                idleWall.append(idle[0])
                idleOwn.append(idle[1])
            }
            let sample = Sample(own)
            table.add(
                "largest gap of a hot thread during a report, \(threads) threads", target: "≤ \(Unit.text(limit))",
                measured: sample.duration,
                peer: "on top of \(Unit.text(Sample(idleOwn).median)) without a report; with scheduling "
                    + "\(Unit.text(Sample(wall).median)), without a report \(Unit.text(Sample(idleWall).median))",
                isMet: sample.median <= limit)
        }
    }

    mutating func interruptions() throws {
        let target = try Target(target, threads: 8)
        let calls = try target.ask("interruptible")[0]
        _ = try target.reports(100)
        let count = try target.ask("interrupted")[0]
        table.add(
            "EINTR or short results in \(Int(calls)) kinds of calls, 100 reports", target: "0",
            measured: "\(Int(count))", isMet: count == 0)
    }

    // MARK: Capture

    mutating func capture() throws {
        for (threads, limit) in [(64, 3e6), (1000, 40e6)] {
            let target = try Target(target, threads: threads)
            _ = try target.reports(2)
            var stages: [[Double]] = []
            var broadcasts: [Double] = []
            for _ in 0..<11 {
                _ = try target.report()
                stages.append(try target.ask("stages"))
                broadcasts += try target.ask("broadcast 2")
            }
            let whole = Sample(stages.map { $0[0] + $0[1] + $0[2] })
            let broadcast = Sample(broadcasts)
            let ratio = whole.median / broadcast.median
            table.add(
                "capture of \(threads) blocked threads, depth 30", target: "≤ \(Unit.text(limit)), ≤ 3 × broadcast",
                measured: whole.duration,
                peer: "\(Unit.decimal(ratio)) × empty broadcast \(broadcast.duration)",
                isMet: whole.median <= limit && ratio <= 3)
            for (index, name) in ["modules", "registers and stacks", "facts from /proc"].enumerated() {
                table.add("… of that: \(name)", measured: Sample(stages.map { $0[index] }).duration)
            }
            let frames = try target.ask("frames")[0]
            let unwinding = Sample(stages.map { $0[3] / frames })
            table.add(
                "unwinding a frame, \(threads) threads", target: "≤ 800 ns with libunwind",
                measured: unwinding.duration, peer: "\(Int(frames)) frames", isMet: unwinding.median <= 800)
        }
    }

    // MARK: Locks

    /// Who waits for whom, on top of a report: what the report itself says that it took.
    mutating func locks() throws {
        for (what, command) in [("in read()", "blocked 1000 30"), ("for one mutex", "queued 1000")] {
            let target = try Target(self.target, threads: 0)
            try target.command(command)
            _ = try target.report()
            let samples = try (0..<15).map { _ in try Self.duration(of: "locks", in: target.report().text) }
            let sample = Sample(samples)
            table.add(
                "locks of 1000 threads that wait \(what)", target: "≤ 20 ms", measured: sample.duration,
                isMet: sample.median <= 20e6)
        }
    }

    /// What a report says that one of its stages took, in nanoseconds.
    static func duration(of stage: String, in text: String) throws -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(stage) took ") }
        guard let took = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else {
            throw BenchError("the report does not say how long \(stage) took")
        }
        return took * 1e6
    }

    // MARK: A whole report

    mutating func wholeReport() throws {
        for (path, cold, warm) in [(target, nil, nil), (largeTarget, 130e6, 50e6)] as [(String, Double?, Double?)] {
            var status = stat()
            stat(path, &status)
            let size = "\(Unit.decimal(Double(status.st_size) / 1e6)) MB executable"
            var firsts: [Double] = []
            for _ in 0..<3 { firsts.append(try Target(path, threads: 64).report().nanoseconds) }
            let first = Sample(firsts)
            table.add(
                "signal to whole report, 64 threads, \(size), first", target: cold.map { "≤ \(Unit.text($0))" } ?? "",
                measured: first.duration, isMet: cold.map { first.median <= $0 })
            let target = try Target(path, threads: 64)
            _ = try target.reports(2)
            let next = try target.reports(15)
            table.add(
                "… and once warm", target: warm.map { "≤ \(Unit.text($0))" } ?? "", measured: next.duration,
                isMet: warm.map { next.median <= $0 })
            if path == largeTarget { try peers(of: target, report: next) }
        }
    }

    private mutating func peers(of target: Target, report: Sample) throws {
        try target.command("hot")
        var gaps: [Double] = []
        for _ in 0..<7 {
            try target.command("reset")
            _ = try target.report()
            gaps.append(try target.ask("gap")[1])
        }
        let reportGap = Sample(gaps).median
        let pid = "\(target.process.pid)"
        let peers = [
            ("gdb", ["-batch", "-nx", "-p", pid, "-ex", "thread apply all bt"], 40.0), ("eu-stack", ["-p", pid], 40.0),
        ]
        for (name, arguments, limit) in peers {
            try target.command("reset")
            guard let time = Self.run(name, arguments) else {
                table.add("\(name) on the same process", measured: "not there, or failed")
                continue
            }
            let gap = try target.ask("gap")[1]
            let ratio = time / report.median
            table.add(
                "\(name) on the same process, right after", target: "≥ \(Int(limit)) × slower",
                measured: Unit.text(time), peer: "\(Unit.decimal(ratio)) × a warm report", isMet: ratio >= limit)
            table.add(
                "… the process stood still", target: name == "gdb" ? "≥ 1000 × longer" : "", measured: Unit.text(gap),
                peer: "\(Unit.decimal(gap / reportGap)) × the largest gap in a report, \(Unit.text(reportGap))",
                isMet: name == "gdb" ? gap / reportGap >= 1000 : nil)
        }
    }

    /// Nanoseconds until a program has ended; nil where it does not start, fails, or takes longer than a minute.
    static func run(_ name: String, _ arguments: [String]) -> Double? {
        let begin = monotonicNanoseconds()
        guard let peer = try? ChildProcess(name, arguments, input: .null, output: .null, error: .null),
            let status = peer.wait(seconds: 60), status == 0
        else { return nil }
        return Double(monotonicNanoseconds() - begin)
    }

    // MARK: What it costs to have it

    mutating func idle() throws {
        let target = try Target(target, threads: nil)
        try target.command("interrupted")  // it has started
        let before = ProcessFootprint(pid: target.process.pid)
        try target.command("setup")
        usleep(200_000)  // for its threads to have gone to sleep
        let after = ProcessFootprint(pid: target.process.pid)
        sleep(2)
        let later = ProcessFootprint(pid: target.process.pid)
        let resident = Double(after.residentBytes - before.residentBytes) / 1e6
        table.add(
            "installed: resident memory added", target: "≤ 5 MB", measured: "\(Unit.decimal(max(resident, 0))) MB",
            peer: "\(later.descriptors - before.descriptors) descriptors, \(later.threads - before.threads) threads",
            isMet: resident <= 5)
        let switches = later.ownSwitches - after.ownSwitches
        table.add("idle for 2 s: wake-ups of GMR's threads", target: "0", measured: "\(switches)", isMet: switches == 0)
    }

    mutating func endurance(reports count: Int) throws {
        let target = try Target(target, threads: 16)
        _ = try target.reports(20)
        let before = ProcessFootprint(pid: target.process.pid)
        let sample = try target.reports(count)
        let after = ProcessFootprint(pid: target.process.pid)
        let growth = after.residentBytes - before.residentBytes
        let descriptors = after.descriptors - before.descriptors
        let threads = after.threads - before.threads
        table.add(
            "\(count) reports in a row: growth", target: "none",
            measured: "\(growth / 1024) KiB, \(descriptors) descriptors, \(threads) threads",
            peer: "a report: \(sample.duration)", isMet: growth <= 512 << 10 && descriptors <= 0 && threads <= 0)
    }
}
