import Foundation
import Testing

extension ZooSuites {
    /// Triggers that come while a report is under way.
    @Suite(.enabled(if: ZooSuites.hasAgent)) struct TriggerTests {
        /// Real-time signals are queued by the kernel one by one, so every single one must be accounted for.
        @Test(.timeLimit(.minutes(5)))
        func noTriggerIsLost() throws {
            let signal = Int32(37)  // SIGRTMIN+3
            let sent = 40
            let environment = ["GMR_SIGNALS": "SIGRTMIN+3"]
            try withZoo(ZooCatalog.named("threads-64"), environment: environment) { zoo in
                for _ in 0..<sent { kill(zoo.pid, signal) }
                var answered = 0
                var reports = 0
                while answered < sent {
                    let report = try zoo.logDirectory.nextReport(within: .seconds(30))
                    answered += 1 + report.coalescedCount
                    reports += 1
                }
                #expect(answered == sent)
                #expect(reports < sent, "some came during a report and were answered together")
            }
        }
    }
}
