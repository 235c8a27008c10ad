import GMRCore

/// Reports with fixed clocks, pids and addresses.
enum SampleReport {
    /// 2026-11-20T20:24:51.861Z
    static let clock = Timestamp(nanosecondsSinceEpoch: 1_795_206_291_861_000_000)

    /// A service in good order: some threads of a pool that wait together, one that runs, one not captured.
    static var service: Report {
        Report(
            generated: clock,
            trigger: Trigger(kind: .signal, signal: "SIGUSR2", senderPID: 815, coalescedCount: 2),
            process: ProcessIdentity(
                pid: 4711, parentPID: 1, executable: "/srv/orders/orders-api",
                arguments: ["orders-api", "--port", "80"],
                started: Timestamp(nanosecondsSinceEpoch: 1_795_200_000_000_000_000), host: "node-3",
                serviceName: "orders-api"),
            package: Package(vendor: "Example", product: "orders", version: "1.4.2"),
            threads: threads,
            processes: [
                ProcessNode(
                    pid: 4711, parentPID: 1, user: "orders", uid: 1000, state: "sleeping",
                    command: "orders-api --port 80",
                    started: Timestamp(nanosecondsSinceEpoch: 1_795_200_000_000_000_000),
                    residentBytes: 12_988_416, descriptorCount: 12, descriptorLimit: 1024,
                    children: [
                        ProcessNode(
                            pid: 4800, parentPID: 4711, user: "orders", uid: 1000, state: "running", command: "sh",
                            residentBytes: 700_416,
                            children: [ProcessNode(pid: 4801, parentPID: 4800)])
                    ])
            ],
            configuration: ConfigurationSnapshot(groups: [
                .init(
                    name: "http",
                    options: [.init(key: "port", value: "80"), .init(key: "host", value: "0.0.0.0")]),
                .init(
                    name: "database",
                    options: [
                        .init(key: "password", value: "hunter2", isSecret: true, provider: "secrets file"),
                        .init(key: "host", value: "db-1.example", provider: "environment variables"),
                        .init(key: "url", value: "db-1"),
                    ]),
            ]),
            sections: [
                Section(
                    title: "Connection pool",
                    data: [
                        "size": 8, "waiting": 31, "load": 0.5, "healthy": true, "leader": nil,
                        "hosts": ["db-2", "db-1", ["name": "db-3"]], "limits": ["soft": 4, "hard": 8],
                        "notes": "first\nsecond",
                    ]),
                Section(
                    title: "Queues",
                    data: .table(columns: ["queue", "length"], rows: [["mail", "3"], ["billing", "12"], ["odd"]])),
                Section(title: "Cache", error: "no result within 1 s"),
            ],
            completeness: Completeness(
                threadsFound: 6, threadsCaptured: 5, frames: 14, framesSymbolized: 12,
                gaps: ["tid 4718: no answer within 100 ms"],
                stages: .init(
                    captureNanoseconds: 1_234_567, unwindNanoseconds: 45_000, symbolizeNanoseconds: 20_000_499),
                finishedBy: "helper process"))
    }

    /// Two threads that wait for each other, and one behind them.
    static var deadlocked: Report {
        func thread(_ tid: Int32, _ name: String, lock: UInt64, owner: Int32, _ ownerName: String) -> ThreadSnapshot {
            var thread = waiting(tid, name)
            thread.frames[0].function = "pthread_mutex_lock"
            thread.waitsFor = LockWait(
                kind: .mutex, address: lock, name: lock == 0x5555_0000_9010 ? "Orders.ledger" : nil,
                description: "pthread_mutex (normal)", owner: owner, ownerName: ownerName, isOwnerAlive: true,
                certainty: .certain)
            return thread
        }
        var report = service
        report.threads = [
            thread(4712, "alpha", lock: 0x5555_0000_9010, owner: 4713, "beta"),
            thread(4713, "beta", lock: 0x5555_0000_9040, owner: 4712, "alpha"),
            thread(4714, "gamma", lock: 0x5555_0000_9040, owner: 4712, "alpha"),
        ]
        let graph = WaitGraph(report.threads)
        report.locks = Locks(
            deadlocks: graph.deadlocks { _ in true }, queues: graph.queues(), isAsleepForEver: true)
        report.locks.deadlocks[0].edges[0].takenIn = "Ledger.close()"
        report.verdict = Verdict(locks: report.locks, threads: report.threads)
        report.sections = []
        return report
    }

    /// A report with one text in every place where a program can choose it.
    static func everywhere(_ name: String) -> Report {
        let frame = Frame(address: 1, module: name, buildID: name, offset: 1, function: name, source: name)
        return Report(
            generated: clock, trigger: Trigger(kind: .signal, signal: name),
            process: ProcessIdentity(pid: 1, executable: name, arguments: [name], host: name, serviceName: name),
            package: Package(vendor: name, product: name, version: name), verdict: Verdict(summary: name),
            threads: [
                ThreadSnapshot(
                    tid: 1, name: name, capture: .noTouch, captureProblem: name, syscall: name,
                    waitsFor: LockWait(
                        kind: .mutex, address: 1, name: name, description: name, owner: 2, ownerName: name),
                    frames: [frame]),
                ThreadSnapshot(tid: 2, name: name, capture: .none, captureProblem: name),
                ThreadSnapshot(tid: 3, name: name, capture: .none, captureProblem: name),
            ], processes: [ProcessNode(pid: 1, user: name, state: name, command: name)],
            configuration: ConfigurationSnapshot(groups: [
                .init(name: name, options: [.init(key: name, value: name, provider: name)])
            ]),
            sections: [
                Section(
                    title: name,
                    data: .keyValue([(name, .text(name)), ("t", .table(columns: [name], rows: [[name]]))]), error: name)
            ], completeness: Completeness(gaps: [name], finishedBy: name))
    }

    private static var threads: [ThreadSnapshot] {
        [
            ThreadSnapshot(
                tid: 4711, name: "orders-api", state: .running, isCurrent: true, capture: .signal,
                cpuNanoseconds: 12_000_000, voluntarySwitches: 3,
                frames: [
                    Frame(
                        address: 0x5555_0000_1250, module: "orders-api", modulePath: "/srv/orders/orders-api",
                        buildID: "c0ffee", offset: 0x1250, function: "closure #1 in Orders.submit(_:)",
                        mangled: "$s6Orders6submityySSFyyXEfU_", file: "Sources/Orders/Orders.swift", line: 12,
                        column: 9,
                        source: "total += price", isInlined: true),
                    Frame(
                        address: 0x5555_0000_1250, module: "orders-api", modulePath: "/srv/orders/orders-api",
                        buildID: "c0ffee", offset: 0x1250, function: "Orders.submit(_:)",
                        mangled: "$s6Orders6submityySSF",
                        file: "Sources/Orders/Orders.swift", line: 11, column: 5, source: "lock.withLock {"),
                    Frame(
                        address: 0x5555_0000_1000, module: "orders-api", modulePath: "/srv/orders/orders-api",
                        buildID: "c0ffee", offset: 0x1000, function: "main", file: "Sources/App/main.swift",
                        isAsync: true),
                ]),
            waiting(4712, "alpha"), waiting(4713, "beta"), waiting(4714, nil),
            ThreadSnapshot(
                tid: 4717, name: "odd", state: .sleeping, capture: .noTouch, syscall: "poll",
                frames: [
                    Frame(address: 0x7f00_0000_0010, module: "libodd.so", buildID: "beef01", offset: 0x10),
                    Frame(address: 0x41),
                ], stop: .unreadable),
            ThreadSnapshot(
                tid: 4718, state: .uninterruptible, capture: .none, captureProblem: "no answer within 100 ms"),
        ]
    }

    private static func waiting(_ tid: Int32, _ name: String?) -> ThreadSnapshot {
        ThreadSnapshot(
            tid: tid, name: name, state: .sleeping, capture: .noTouch, syscall: "futex",
            frames: [
                Frame(
                    address: 0x7f00_0000_1010, module: "libc.so.6", buildID: "beef02", offset: 0x1010,
                    function: "pthread_cond_wait"),
                Frame(
                    address: 0x5555_0000_2000, module: "orders-api", buildID: "c0ffee", offset: 0x2000,
                    function: "Pool.run()", file: "Sources/Orders/Pool.swift", line: 40, source: "condition.wait()"),
                Frame(
                    address: 0x7f00_0000_2020, module: "libc.so.6", buildID: "beef02", offset: 0x2020,
                    function: "start_thread"),
            ])
    }
}
