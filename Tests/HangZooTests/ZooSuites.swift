import Foundation
import ProcessKit
import Testing

/// Everything that starts a zoo process, one test after the other: each takes both processors of a small machine.
@Suite(.serialized) enum ZooSuites {
    /// Whether HangZoo was built with GMR's agent (`ZOO_HAS_AGENT` in Package.swift).
    static let hasAgent: Bool = {
        let text = try? ToolRun.run(ZooProcess.debugExecutable.path, ["--agent"]).text
        return text?.hasPrefix("linked") ?? false
    }()

    /// Runs `body` with a process in the scenario, and kills it.
    @available(*, noasync)
    static func withZoo(
        _ zooCase: ZooCase, executable: URL = ZooProcess.debugExecutable, environment: [String: String] = [:],
        _ body: (ZooProcess) throws -> Void
    ) throws {
        let zoo = try ZooProcess(zooCase, executable: executable, environment: environment)
        defer { zoo.kill() }
        try body(zoo)
    }

    /// That the threads of the scenario are there with the chain of functions that its truth names.
    static func expectTruth(of zooCase: ZooCase, in threads: [ObservedThread], seenBy label: String) {
        for truth in zooCase.threads {
            let candidates = threads.filter { $0.name == truth.name }
            #expect(candidates.count == truth.count, "\(label): \(truth.name) is there \(candidates.count) times")
            for thread in candidates {
                var chain = truth.chain[...]
                for frame in thread.frames {
                    if let next = chain.first, frame.name?.contains(next) == true { chain.removeFirst() }
                }
                #expect(
                    chain.isEmpty,
                    "\(label): \(truth.name) lacks \(chain.first ?? "") in \(thread.frames.map { $0.name ?? "??" })")
            }
        }
    }
}
