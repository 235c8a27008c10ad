import Testing

extension ZooSuites {
    /// Every thread of the report is in the core, and its stack is that of the living thread.
    @available(*, noasync)
    static func expectSameStacks(
        core: String, as zoo: ZooProcess, in zooCase: ZooCase, _ report: GMRReport
    ) throws {
        try expectSameStacks(core: core, as: GDBObserver().threads(of: zoo.pid), in: zooCase, report)
    }

    /// - Parameter living: What gdb saw in the process.
    @available(*, noasync)
    static func expectSameStacks(
        core: String, as living: [ObservedThread], in zooCase: ZooCase, _ report: GMRReport
    ) throws {
        let seen = try GDBObserver().threads(inCore: core, of: ZooProcess.debugExecutable.path)
        let captured = report.threads.filter { $0.capture != "none" }
        #expect(Set(seen.map(\.tid)) == Set(captured.map(\.observed.tid)))
        let comparison = StackComparison(aliases: ELFAliases())
        for thread in captured where zooCase.stays(thread.observed) {
            let name = thread.observed.name ?? ""
            guard var core = seen.first(where: { $0.tid == thread.observed.tid }),
                let referee = living.first(where: { $0.tid == thread.observed.tid })
            else {
                Issue.record("no thread \(name) in the core, or in the process")
                continue
            }
            core.name = thread.observed.name
            let difference = comparison.difference(
                seen: core, referee: referee, label: "the process",
                expectation: zooCase.expectation(ofThreadNamed: name),
                wasSignalled: thread.capture == "signal")
            #expect(difference == nil, "thread \(name) \(thread.observed.tid): \(difference ?? "")")
        }
    }
}
