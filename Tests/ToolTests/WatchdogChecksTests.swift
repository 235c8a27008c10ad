import Foundation
import ProcessKit
import Testing

@testable import gmr

/// What the doctor says of watchdogs.
@Suite struct WatchdogChecksTests {
    private static func findings(_ place: WatchdogChecks.Place, _ environment: [String: String]) -> [Finding] {
        WatchdogChecks(place, environment).findings()
    }

    private static func only(_ place: WatchdogChecks.Place, _ environment: [String: String] = [:]) throws -> Finding {
        let findings = findings(place, environment)
        try #require(findings.count == 1, "\(findings)")
        return findings[0]
    }

    @Test func withoutALimitThereIsNone() throws {
        for place in [WatchdogChecks.Place.machine, .swift(isThere: false), .native(isThere: false), .onDemand] {
            #expect(try Self.only(place).status == .ok)
            #expect(try Self.only(place).text.hasSuffix("no report is made of a hang unless somebody asks for one."))
            #expect(try Self.only(place, ["GMR_WATCHDOG": "none"]) == Self.only(place))
        }
    }

    @Test func whatIsInForceIsTold() throws {
        let environment = ["GMR_WATCHDOG": "2.5", "GMR_WATCHDOG_PAUSE": "60"]
        let swift = try Self.only(.swift(isThere: true), environment)
        let limits = "It has a watchdog: what is silent for 2.5 s makes a report, at most one in 60 s. "
        let tasks = "It watches tasks of high, medium and low priority, the main actor, and what the program "
        #expect(swift == .ok("watchdog", "\(limits)\(tasks)registers with watch()."))
        let native = try Self.only(.native(isThere: true), environment)
        #expect(native.text == "\(limits)It watches what the program registers with gmr_watch().")
        let machine = try Self.only(.machine, environment)
        #expect(machine.status == .ok && machine.text.hasPrefix("Services started here have a watchdog: "))
        #expect(Self.findings(.machine, environment.merging(["GMR_ENABLE": "0"]) { $1 }).isEmpty)
    }

    /// By the program: the environment says nothing of it.
    @Test func aLimitOfTheProgramIsNotKnown() throws {
        let finding = try Self.only(.swift(isThere: true))
        #expect(finding.text.hasPrefix("It has a watchdog: what is silent for as long as the program has set makes a "))
        #expect(try Self.only(.swift(isThere: true), ["GMR_WATCHDOG_PAUSE": "5"]).text.contains("one in 5 s"))
    }

    @Test func oneThatIsMissingIsTold() throws {
        let missing = try Self.only(.swift(isThere: false), ["GMR_WATCHDOG": "10"])
        #expect(missing.status == .warning && missing.text == "There is no watchdog in it, though GMR_WATCHDOG=10.")
        let preloaded = try Self.only(.onDemand, ["GMR_WATCHDOG": "10"])
        #expect(preloaded.status == .warning && preloaded.text.hasPrefix("GMR_WATCHDOG=10 has no effect"))
    }

    @Test(
        arguments: [
            (["GMR_WATCHDOG": "0.5"], "GMR_WATCHDOG=0.5 finds what is slow too, and calls it silent."),
            (
                ["GMR_WATCHDOG": "10", "GMR_WATCHDOG_PAUSE": "5"],
                "GMR_WATCHDOG_PAUSE=5 is shorter than the limit of 10 s: what hangs again and again makes a report each "
                    + "time."
            ),
            (["GMR_WATCHDOG_PAUSE": "60"], "GMR_WATCHDOG_PAUSE has no effect without a watchdog."),
            (
                ["GMR_WATCHDOG": "0", "GMR_WATCHDOG_PAUSE": "60"],
                "GMR_WATCHDOG_PAUSE has no effect without a watchdog."
            ),
        ] as [([String: String], String)])
    func whatMakesNoSenseIsTold(environment: [String: String], text: String) {
        let doubts = Self.findings(.machine, environment).filter { $0.status != .ok }
        #expect(doubts.map(\.text) == [text] && doubts.map(\.status) == [.warning])
        #expect(doubts.first?.advice?.isEmpty == false)
    }
}

extension DoctorOfServicesTests {
    @Test func aWatchdogIsSeen() throws {
        try TestService.with(environment: ["GMR_WATCHDOG": "3600"]) { service in
            let watchdog = try DoctorRun(service.pid).only("process.watchdog")
            #expect(watchdog.status == "ok")
            #expect(
                watchdog.finding.hasPrefix(
                    "It has a watchdog: what is silent for 3600 s makes a report, at most one in "))
        }
        try TestService.with(environment: ["GMR_WATCHDOG_PAUSE": "60"]) { service in
            let watchdog = try DoctorRun(service.pid).of("process.watchdog")
            #expect(watchdog.map(\.status) == ["ok", "warning"])
            #expect(watchdog.first?.finding.hasPrefix("It has no watchdog: ") == true, "\(watchdog)")
        }
    }

    @Test(.enabled(if: PreloadedLibrary.isThere, "libgmr.so is built"))
    func aWatchdogThatIsWantedOfAPreloadedProgramIsTold() throws {
        let environment = ["LD_PRELOAD": PreloadedLibrary.path, "GMR_WATCHDOG": "10"]
        try TestProgram.with("", environment: environment) { process, _ in
            let watchdog = try DoctorRun(process.pid).only("process.watchdog")
            #expect(watchdog.status == "warning" && watchdog.finding.hasPrefix("GMR_WATCHDOG=10 has no effect"))
        }
    }
}
