import Foundation
import Testing

/// Debug information is fetched for the next report, by a process that has nothing to do with this one any more.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct DebugInformationFetchTests {
    private static let isOn = ["GMR_DEBUGINFOD": "1", "DEBUGINFOD_URLS": "https://debuginfod.invalid"]

    /// What Completeness says of debuginfod.
    private func gaps(_ report: String) -> [String] {
        report.split(separator: "\n").map(String.init).filter {
            $0.contains("debug information is being") || $0.contains("GMR_DEBUGINFOD")
        }
    }

    @Test func theNextReportHasWhatWasFetched() throws {
        let service = try FetchingService(
            fetcher: """
                mkdir -p "cache/$2"
                if [ "$2" = "$(cat id)" ]; then cp zoo.debug "cache/$2/new"; else : > "cache/$2/new"; fi
                mv "cache/$2/new" "cache/$2/debuginfo"
                echo "$1" > asked.new && mv asked.new asked
                """)
        defer { service.close() }
        try service.run("echo \(service.buildID) > id")
        try service.start(environment: Self.isOn)
        let first = try service.report()
        #expect(!first.contains("main_waits_for_ever"))
        let gap = try #require(gaps(first).first)
        #expect(gap.contains("zoo") && gap.hasSuffix(": debug information is being fetched for the next report"))
        #expect(try service.file("asked") == "debuginfo\n")
        // The debug information itself is no text.
        while !FileManager.default.fileExists(atPath: "\(service.directory)/cache/\(service.buildID)/debuginfo") {
            usleep(5_000)
        }
        let second = try service.report()
        #expect(second.contains("main_waits_for_ever") && second.contains("main.swift:"))
        #expect(!gaps(second).contains { $0.contains("zoo") })
    }

    @Test func aFetcherThatNeverEndsHoldsNothing() throws {
        let service = try FetchingService(fetcher: "echo $$ > pid.new && mv pid.new pid && exec sleep 1000")
        var fetcher: Int32?
        defer { service.close(fetcher: fetcher) }
        try service.start(environment: Self.isOn)
        // Each within a third of what a fetcher is given.
        let first = try service.report()
        #expect(gaps(first).count == 1)
        let pid = try #require(Int32(try service.file("pid").dropLast()))
        fetcher = pid
        let second = try service.report()
        #expect(gaps(second).first?.hasSuffix("debug information is being fetched since an earlier report") == true)
        #expect(second.contains("finished by: helper process"))

        #expect(try descriptors(of: pid) == ["/dev/null"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(getsid(pid))/cwd") == "/")
        let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
        #expect(!maps.contains("gmr-arena") && !maps.contains(service.directory))
        // The helper, and the keeper that waits for it, have ended; what fetches is nobody's.
        let end = ContinuousClock.now + .seconds(30)
        while try children(of: service.pid).isEmpty == false, ContinuousClock.now < end { usleep(5_000) }
        #expect(try children(of: service.pid) == [])
        #expect(getsid(pid) != getsid(service.pid))
        #expect(try service.endsAlone())
        #expect(kill(pid, 0) == 0)
    }

    @Test(arguments: [
        (nil, isOn, "debuginfod-find is not installed: apt-get install debuginfod"),
        ("exit 1", ["GMR_DEBUGINFOD": "1"], "DEBUGINFOD_URLS was not when the service started"),
    ])
    func whatIsMissingIsSaid(fetcher: String?, environment: [String: String], reason: String) throws {
        let service = try FetchingService(fetcher: fetcher)
        defer { service.close() }
        try service.start(environment: environment)
        let gaps = gaps(try service.report())
        #expect(gaps.count == 1)
        #expect(gaps.first?.contains("no debug information; GMR_DEBUGINFOD=1 is set but \(reason)") == true)
    }

    @Test func whoeverAdoptsOrphansGetsNone() throws {
        let perl = "/usr/bin/perl"
        guard access(perl, X_OK) == 0 else { return }
        let service = try FetchingService(fetcher: "echo > asked")
        defer { service.close() }
        // prctl(PR_SET_CHILD_SUBREAPER, 1) outlives exec.
        let launcher = [perl, "-e", "syscall(157, 36, 1, 0, 0, 0) == 0 or die; exec @ARGV", "--"]
        try service.start(environment: Self.isOn, launcher: launcher)
        let gaps = gaps(try service.report())
        #expect(gaps.first?.contains("nothing is fetched for a process that is PID 1 or a child subreaper") == true)
        #expect(try service.endsAlone())
        #expect(!FileManager.default.fileExists(atPath: service.directory + "/asked"))
    }

    @Test func whatNoServerHasIsNotPromised() throws {
        let service = try FetchingService(fetcher: "exit 1")
        defer { service.close() }
        try service.run("mkdir cache/\(service.buildID) && : > cache/\(service.buildID)/debuginfo")
        try service.start(environment: Self.isOn)
        #expect(!gaps(try service.report()).contains { $0.contains("zoo") })
    }

    @Test func offMeansThatNothingIsTouched() throws {
        let service = try FetchingService(fetcher: "echo > asked")
        defer { service.close() }
        let place = "cache/\(service.buildID)"
        try service.run("mkdir \(place) && cp zoo.debug \(place)/debuginfo")
        try service.start(environment: ["DEBUGINFOD_URLS": "https://debuginfod.invalid"])
        let report = try service.report()
        #expect(gaps(report) == [])
        #expect(!report.contains("main_waits_for_ever"))
        #expect(try service.endsAlone())
        #expect(!FileManager.default.fileExists(atPath: service.directory + "/asked"))
    }

    /// Where the descriptors lead.
    private func descriptors(of pid: Int32) throws -> Set<String> {
        let folder = "/proc/\(pid)/fd"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: folder).map {
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
            })
    }

    private func children(of pid: Int32) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { child in
            // "pid (name) state parent": a name may hold blanks and parentheses.
            guard let stat = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8) else { return false }
            return stat.components(separatedBy: ") ").last?.split(separator: " ")[1] == "\(pid)"
        }
    }
}
