import Foundation
import GMRAgent
import Synchronization
import Testing

extension AgentTests {
    /// A fork child has a copy of everything but the agent's threads and memory.
    @Suite struct ForkChildren {
        @Test func aForkChildIsToldAndCanSetUpAnew() async throws {
            try await withAgent { gmr in
                gmr.registerSection("Parent's") { "parent" }
                _ = try await gmr.report()
                #expect(forkedStatus { await Self.child(of: gmr) } == 0)
                // The parent's agent is as it was.
                let report = try await gmr.report()
                #expect(report.sections.map(\.title) == ["Parent's"])
            }
        }

        /// - Returns: The exit status; each step that fails has its own.
        private static func child(of gmr: GuruMeditation) async -> Int32 {
            do {
                _ = try await gmr.report()
                return 1
            } catch {
                if error.code != .notSetUp { return 2 }
            }
            gmr.registerSection("Nobody's") { "nobody" }
            guard let own = try? GuruMeditation.setUpAutorun(package: "child", signals: [.usr1]) else { return 3 }
            own.registerSection("Child's") { "child" }
            guard let report = try? await own.report() else { return 4 }
            if report.package.product != "child" || report.process.pid != getpid() { return 5 }
            return report.sections.map(\.title) == ["Child's"] ? 0 : 6
        }
    }
}

/// What `body` returns in a fork child, -1 where it crashed or did not come back. Blocks.
private func forkedStatus(_ body: @escaping @Sendable () async -> Int32) -> Int32 {
    // Swift hides fork(), because little is safe in the child of a process with threads. This is the little.
    typealias Fork = @convention(c) () -> Int32
    let fork = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)
    let child = fork()
    if child == 0 {
        let loop = Loop()
        Task(executorPreference: loop) { _exit(await body()) }
        loop.run()
    }
    var status: Int32 = 0
    // The child may have been born with SIGALRM masked: its end is the parent's to see to.
    let end = ContinuousClock.now + .seconds(20)
    while waitpid(child, &status, WNOHANG) != child {
        if ContinuousClock.now > end { kill(child, SIGKILL) }
        usleep(1_000)
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
}

/// Runs tasks on the one thread that a fork child has.
private final class Loop: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func run() -> Never {
        while true {
            let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let next { next.runSynchronously(on: asUnownedTaskExecutor()) } else { usleep(1_000) }
        }
    }
}
