import Testing

extension ZooSuites {
    /// Threads that wait in a system call do not notice a report.
    @Suite struct InterruptionTests {
        /// The calls of `syscalls-20` that came back, with what they returned.
        @available(*, noasync)
        private func interrupted(_ zoo: ZooProcess) throws -> [String] {
            let lines = try zoo.command("p")
            #expect(lines.count >= 20, "a thread in each kind of call")
            return lines.filter { !$0.hasSuffix(" 0") || $0.split(separator: " ").count != 2 }
        }

        /// That an interruption would be seen: without it the next test could not fail.
        @Test(.timeLimit(.minutes(5)))
        func aSignalInterruptsMostOfTheCalls() throws {
            try withZoo(ZooCatalog.named("syscalls-20")) { zoo in
                #expect(try interrupted(zoo) == [])
                _ = try zoo.command("i")
                let lines = try interrupted(zoo)
                let calls = ["nanosleep", "epoll_wait", "poll", "select", "sem_timed", "recv_waitall", "pause"]
                for call in calls {
                    #expect(lines.contains { $0.hasPrefix("\(call) ") }, "\(call) in \(lines)")
                }
            }
        }

        @Test(.enabled(if: ZooSuites.hasAgent), .timeLimit(.minutes(5)))
        func noCallIsInterruptedByAHundredReports() throws {
            try withZoo(ZooCatalog.named("syscalls-20")) { zoo in
                for _ in 0..<100 { _ = try zoo.report() }
                #expect(try interrupted(zoo) == [])
            }
        }
    }
}
