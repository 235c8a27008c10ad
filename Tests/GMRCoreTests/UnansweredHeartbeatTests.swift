import GMRCore
import Testing

@Suite struct UnansweredHeartbeatTests {
    static let heartbeat = UnansweredHeartbeat(target: "main actor", silentNanoseconds: 10_299_000_000)

    @Test func everyFormatSaysWhoDidNotAnswer() {
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .watchdog, watchdog: Self.heartbeat),
            process: ProcessIdentity(pid: 1), package: "tiny")
        #expect(
            TextRenderer.render(report).contains("\ntrigger = the watchdog: no answer from main actor for 10.2 s\n"))
        #expect(
            JSONRenderer.render(report).contains(
                #""trigger": {"kind": "watchdog", "watchdog": {"target": "main actor", "#
                    + #""silentNanoseconds": 10299000000}, "coalesced": 0}"#))
        let xml = XMLRenderer.render(report)
        #expect(xml.contains("<target>main actor</target>"))
        #expect(xml.contains("<silentNanoseconds>10299000000</silentNanoseconds>"))
    }

    /// What is known to be wrong comes first.
    @Test func theVerdictSaysIt() {
        let sentence = "The watchdog asked for this report: no answer from main actor for 10.2 s."
        var nothing = Verdict()
        nothing.add(Self.heartbeat)
        #expect(nothing.kind == .none && nothing.summary == "\(sentence) \(Verdict().summary)")
        var deadlock = Verdict(kind: .deadlock, summary: "DEADLOCK: two of them.")
        deadlock.add(Self.heartbeat)
        #expect(deadlock.kind == .deadlock && deadlock.summary == "DEADLOCK: two of them. \(sentence)")
    }

    @Test func aSecretInANameIsMasked() {
        let heartbeat = UnansweredHeartbeat(target: "loop hunter22", silentNanoseconds: 0)
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .watchdog, watchdog: heartbeat),
            process: ProcessIdentity(pid: 1), package: "tiny")
        let masked = report.masked(by: SecretMasker(knownSecrets: ["hunter22"], keys: SecretKeys(extraWords: [])))
        #expect(masked.trigger.watchdog?.target == "loop ***")
    }
}
