import Foundation
import GMRAgent
import Synchronization
import Testing

extension AgentTests {
    @Suite struct WatchdogThreads {
        @Test func theyAreThereFromSetUpToStop() throws {
            let names: Set<String> = ["gmr-watchdog", "gmr-heartbeat"]
            let plain = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
            #expect(threadNames().isDisjoint(with: names), "off unless asked for")
            plain.watch("nothing") { _ in Issue.record("there is no watchdog") }.unregister()
            stop(plain)
            for _ in 0..<3 {
                let gmr = try GuruMeditation.setUpAutorun(
                    package: "tests", signals: [.usr1], settings: Settings(watchdogLimit: .seconds(3600)))
                #expect(threadNames().isSuperset(of: names))
                stop(gmr)
                try wait("threads are left: \(threadNames())") { threadNames().isDisjoint(with: names) }
            }
        }

        @Test func aReportDoesNotShowThem() async throws {
            try await withAgent(settings: Settings(watchdogLimit: .seconds(3600))) { gmr in
                let names = try await gmr.report().threads.compactMap(\.name)
                #expect(!names.contains { $0.hasPrefix("gmr-watch") || $0.hasPrefix("gmr-heart") }, "\(names)")
            }
        }

        /// Heartbeats come each quarter of the limit, and no more after `unregister()`.
        @Test func heartbeatsGoOnUntilTheyAreUnregistered() throws {
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", signals: [.usr1], settings: Settings(watchdogLimit: .milliseconds(400)),
                // Other tests block the pool.
                sinks: [CallbackSink(name: "nothing") { _ in }])
            defer { stop(gmr) }
            let beats = Counter()
            let others = Counter()
            let registration = gmr.watch("loop") { answer in
                beats.add()
                answer()
            }
            try wait("\(beats.value) heartbeats") { beats.value >= 3 }
            registration.unregister()
            gmr.watch("another loop") { answer in
                others.add()
                answer()
            }
            try wait("\(others.value) heartbeats") { others.value >= 1 }
            let last = beats.value
            try wait("\(others.value) heartbeats") { others.value >= 4 }
            #expect(beats.value <= last + 1, "one may have been under way")
        }

        private final class Counter: Sendable {
            private let count = Atomic(0)
            func add() { count.add(1, ordering: .relaxed) }
            var value: Int { count.load(ordering: .relaxed) }
        }
    }
}

private func threadNames() -> Set<String> {
    let tids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return Set(
        tids.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8).dropLast() }
            .map(String.init))
}

private func wait(_ what: @autoclosure () -> String, for condition: () -> Bool) throws {
    let end = ContinuousClock.now + .seconds(20)
    while !condition() {
        try #require(.now < end, "\(what())")
        usleep(1_000)
    }
}
