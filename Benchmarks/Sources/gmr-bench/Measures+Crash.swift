extension Measures {
    /// From a fault to the complete report and to the end of the process, beside Swift's own backtracer on the same
    /// executables.
    mutating func crash() throws {
        for (path, name) in [(target, "small"), (largeTarget, "65 MB")] {
            let own = try (0..<7).map { _ in try Target(path, threads: 64).crash() }
            let report = Sample(own.map(\.lastLine))
            let end = Sample(own.map(\.end))
            let frames = Self.framesOfReport(own[0].text)
            table.add(
                "fault to complete report, 64 threads, \(name) executable", measured: report.duration,
                peer: "\(frames) frames")
            table.add("… and to the end of the process", measured: end.duration)
            let peer = try (0..<3).map { _ in try Target(path, threads: 64, backtracer: true).crash() }
            let peerFrames = Self.framesOfBacktracer(peer[0].text)
            guard peerFrames > 0 else {
                table.add("Swift's backtracer on the same", measured: "not there, or it wrote nothing")
                continue
            }
            let peerEnd = Sample(peer.map(\.end))
            table.add(
                "Swift's backtracer on the same, to the end", measured: peerEnd.duration,
                peer: "\(Unit.decimal(peerEnd.median / end.median)) × as long, \(peerFrames) frames")
        }
    }

    /// `812 of 830 frames symbolized`
    private static func framesOfReport(_ text: String) -> Int {
        let line = text.split(separator: "\n").first { $0.hasSuffix("frames symbolized") }
        return line.flatMap { Int($0.split(separator: " ").dropFirst(2).first ?? "") } ?? 0
    }

    /// `3 [ra] 0x000055d0c1a3bc2e main + 12 in …`
    private static func framesOfBacktracer(_ text: String) -> Int {
        text.split(separator: "\n").count { line in
            let words = line.split(separator: " ")
            return words.first.flatMap { Int($0) } != nil && words.prefix(4).contains { $0.hasPrefix("0x") }
        }
    }
}
