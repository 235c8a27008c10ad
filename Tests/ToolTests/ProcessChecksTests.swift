import GMRCore
import Testing

@testable import gmr

/// What the checks of a process make of what they have read.
@Suite struct ProcessChecksTests {
    private static func facts(_ change: (inout SignalFacts) -> Void) -> SignalFacts {
        var facts = SignalFacts()
        change(&facts)
        return facts
    }

    private static let usr2 = SignalSet([.usr2])

    @Test func aSignalThatGMRShouldHaveIsAProblemWhereItHasNot() {
        func status(_ agent: AgentPresence?, _ change: (inout SignalFacts) -> Void) -> Finding.Status {
            SignalChecks(pid: 7, agent: agent, facts: Self.facts(change)).finding(.usr2).status
        }
        #expect(status(.setUp) { $0.caught = Self.usr2 } == .ok)
        #expect(status(.onDemand("l")) { $0.caught = Self.usr2 } == .ok)
        #expect(status(.setUp) { _ in } == .problem)
        #expect(status(.setUp) { $0.ignored = Self.usr2 } == .problem)
        #expect(status(.setUp) { ($0.caught, $0.blockedEverywhere) = (Self.usr2, Self.usr2) } == .problem)
        #expect(status(.setUp) { ($0.caught, $0.readByDescriptors) = (Self.usr2, Self.usr2) } == .warning)
        for agent in [AgentPresence.absent, .linked, .loaded("l")] {
            #expect(status(agent) { _ in } == .warning)
            #expect(status(agent) { $0.caught = Self.usr2 } == .warning)
        }
        #expect(status(nil) { $0.caught = Self.usr2 } == .ok)
    }

    @Test(
        arguments: [
            ("USR1", false, "`kill -USR1 7` would end this process"), ("TSTP", false, "would stop this process"),
            ("WINCH", false, "`kill -WINCH 7` does nothing."), ("USR1", true, "because it is process 1"),
        ])
    func whatADefaultActionDoesIsTold(name: String, isInit: Bool, text: String) throws {
        let signal = try #require(SignalNumber(name))
        let checks = SignalChecks(pid: 7, agent: .absent, isInit: isInit, facts: SignalFacts())
        #expect(checks.finding(signal).text.contains(text))
    }

    @Test func whetherGMRIsInItShowsInItsMaps() {
        let ready = Self.facts { $0.caught = SignalSet([.prof]) }
        func agent(_ maps: String, isLinked: Bool = false, _ facts: SignalFacts) -> AgentPresence {
            RunningProcess.agent(MappedFiles(maps), isLinked: isLinked, facts)
        }
        let library = "1-2 r-xp 0 0:0 1 /l/libgmr.so\n"
        #expect(agent("1-2 rw-s 0 0:1 1 /memfd:gmr-arena (deleted)\n", SignalFacts()) == .setUp)
        #expect(agent(library, ready) == .onDemand("/l/libgmr.so"))
        #expect(agent(library, SignalFacts()) == .loaded("/l/libgmr.so"))
        #expect(agent("", isLinked: true, ready) == .linked)
        #expect(agent("", ready) == .absent)
    }

    @Test(
        arguments: [
            ("S", nil, Finding.Status.ok), ("S", 5, .warning), ("D", nil, .warning), ("T", nil, .problem),
            ("t", 5, .problem), ("Z", nil, .problem),
        ] as [(Character, UInt64?, Finding.Status)])
    func statesAreTold(letter: Character, tracer: UInt64?, status: Finding.Status) {
        #expect(RunningProcess.state(letter, pid: 7, tracer: tracer, parent: "1").status == status)
    }

    @Test func ignoredCrashesAreStrange() {
        #expect(RunningProcess.crashes(.absent, SignalFacts()).status == .ok)
        let ignored = Self.facts { $0.ignored = SignalSet(mask: 1 << 10) }
        #expect(RunningProcess.crashes(.absent, ignored).text.hasPrefix("SIGSEGV is ignored"))
    }

    @Test func privilegesAndLimitsAreTold() {
        #expect(RunningProcess.dumpable(owner: 0, user: 1000).status == .warning)
        #expect(RunningProcess.dumpable(owner: 1000, user: 1000).status == .ok)
        #expect(RunningProcess.sandbox(mode: "1", gainsNoPrivileges: false, standby: .notWanted).status == .problem)
        #expect(RunningProcess.descriptors(10, limit: 1024) == nil)
        #expect(RunningProcess.descriptors(1020, limit: 1024)?.status == .warning)
        #expect(RunningProcess.addressSpace(used: 10 << 20, limit: 50 << 20)?.status == .warning)
        #expect(RunningProcess.addressSpace(used: 10 << 20, limit: nil) == nil)
        #expect(RunningProcess.processes(95, limit: 100)?.status == .warning)
        #expect(RunningProcess.fileSize(limit: nil) == nil)
        #expect(RunningProcess.outOfMemory("900\n").status == .warning)
        #expect(RunningProcess.outOfMemory("0\n").status == .ok)
    }

    @Test func replacedFilesAreNamed() {
        let line = "1-2 r-xp 0 0:0 1 /l/libold.so (deleted)\n"
        let finding = RunningProcess.replaced(MappedFiles(line), executable: "/bin/x")
        #expect(finding.status == .warning && finding.text.contains("/l/libold.so"))
        #expect(RunningProcess.replaced(MappedFiles(""), executable: "/bin/x (deleted)").status == .warning)
        #expect(RunningProcess.replaced(MappedFiles(""), executable: "/bin/x").status == .ok)
    }

    @Test func namesAreEscapedInTextAndJSON() {
        let group = FindingGroup(
            name: "process", title: "Process 7 (a\u{1B}[2J\nb)", findings: [.warning("c", "\"t\"\n", do: "x\ny")])
        #expect(
            FindingsWriter.text([group]) == "Process 7 (a\\x1b[2J\\x0ab)\nwarning  \"t\"\\x0a\n         do: x\\x0ay\n")
        let json = FindingsWriter.json([group])
        #expect(json.contains(#"{"check": "process.c", "status": "warning", "finding": "\"t\"\n", "advice": "x\ny"}"#))
    }
}
