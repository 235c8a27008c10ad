/// The truth of every scenario; the scenario files of CHangZoo and HangZoo say the same in words.
enum ZooCatalog {
    static func named(_ name: String) -> ZooCase {
        all.first { $0.name == name }!
    }

    static let victim = ZooCase.Thread(
        name: "victim", chain: ["pthread_mutex_lock", "victim_middle_calls_blocked", "victim_outer_calls_middle"])

    private static func hot(_ name: String, _ chain: String..., count: Int = 1) -> ZooCase.Thread {
        ZooCase.Thread(name: name, chain: chain, count: count)
    }

    private static func blocked(_ name: String, _ chain: String..., count: Int = 1) -> ZooCase.Thread {
        ZooCase.Thread(name: name, chain: chain, count: count)
    }

    static let all: [ZooCase] = waiting + running + crowds + stacks + locksOfTheRuntime + lacking + swift

    static let waiting = [
        ZooCase(
            name: "mutex",
            threads: [
                blocked("mutex-holder", "syscall", "zoo_futex_wait_for_ever", "mutex_holder_waits"),
                blocked(
                    "mutex-waiter", "pthread_mutex_lock", "mutex_middle_calls_blocked", "mutex_outer_calls_middle"),
            ]),
        ZooCase(
            name: "condition",
            threads: [
                blocked("cond-waiter", "pthread_cond_wait", "cond_middle_calls_blocked", "cond_outer_calls_middle")
            ]),
        ZooCase(
            name: "join",
            threads: [
                blocked("join-target", "zoo_futex_wait_for_ever", "join_target_waits"),
                blocked("join-waiter", "join_middle_calls_blocked", "join_outer_calls_middle"),
            ]),
        ZooCase(
            name: "epoll",
            threads: [blocked("epoll-waiter", "epoll_wait", "epoll_middle_calls_blocked", "epoll_outer_calls_middle")]),
        ZooCase(
            name: "read",
            threads: [blocked("read-waiter", "read", "read_middle_calls_blocked", "read_outer_calls_middle")]),
        ZooCase(
            name: "nanosleep",
            threads: [blocked("sleeper", "nanosleep", "sleep_middle_calls_blocked", "sleep_outer_calls_middle")]),
        ZooCase(name: "syscalls-20", threads: interruptibleCalls),
    ]

    /// `name` and a function of its chain for each call of interruptible_calls.c.
    private static let interruptibleCalls: [ZooCase.Thread] = [
        "nanosleep", "sleep", "epoll_wait", "poll", "select", "sigtimedwait", "semop", "msgrcv", "mq_receive",
        "read_pipe", "large_write", "recv", "recv_timed", "recv_waitall", "accept", "connect", "flock", "fcntl_lock",
        "wait4", "futex_timed", "pause", "io_uring",
    ].map { call in
        ZooCase.Thread(
            name: "sc-\(call)",
            chain: [
                call == "recv_timed" ? "call_recv_timeout" : "call_\(call)", "syscall_middle_calls_blocked",
                "syscall_outer_calls_middle",
            ])
    }

    static let running = [
        ZooCase(name: "spin", threads: [hot("hot-spin", "spin_middle_for_ever", "spin_outer_calls_middle")]),
        ZooCase(
            name: "sigpending-0",
            threads: [hot("hot-spin", "spin_middle_for_ever", "spin_outer_calls_middle", count: 4)]),
        ZooCase(
            name: "leaf",
            threads: [
                hot("hot-leaf", "leaf_middle_for_ever", "leaf_outer_calls_middle"),
                blocked(
                    "leaf-stopped", "handler_middle_calls_blocked", "handler_outer_calls_middle", "leaf_spins",
                    "leaf_middle_for_ever", "stopped_leaf_outer_calls_middle"),
            ]),
        ZooCase(
            name: "masked-signals",
            threads: [blocked("masked-sleep", "masked_middle_calls_blocked", "masked_outer_calls_middle")]),
        ZooCase(
            name: "masked-spin",
            threads: [
                ZooCase.Thread(
                    name: "hot-masked", chain: ["spin_middle_for_ever", "masked_spin_outer_calls_middle"],
                    expectation: .gapOrComplete), victim,
            ]),
    ]

    static let crowds = [
        ZooCase(name: "threads-1", threads: [many(0)]),
        ZooCase(name: "threads-64", threads: (0..<64).map(many)),
        ZooCase(name: "threads-1000", threads: (0..<1000).map(many)),
        ZooCase(name: "thread-churn", threads: [victim], threadsComeAndGo: true),
    ]

    private static func many(_ index: Int) -> ZooCase.Thread {
        blocked("many-\(index)", "many_middle_calls_blocked", "many_outer_calls_middle")
    }

    static let stacks = [
        ZooCase(
            name: "deep-recursion",
            threads: [
                ZooCase.Thread(
                    name: "deep", chain: ["pthread_mutex_lock"] + Array(repeating: "deep_calls_itself", count: 400),
                    expectation: .completeOrTruncated)
            ]),
        ZooCase(
            name: "realigned",
            threads: [blocked("realigned", "realigned_middle_calls_blocked", "realigned_outer_calls_middle")]),
        ZooCase(
            name: "alloca", threads: [blocked("alloca", "alloca_middle_calls_blocked", "alloca_outer_calls_middle")]),
        ZooCase(
            name: "gcc-frames",
            threads: [
                blocked(
                    "gcc-frames", "plugin_last_calls_blocked", "plugin_realigned_calls_last",
                    "plugin_middle_calls_realigned", "zoo_plugin_outer", "gcc_frames_call_plugin")
            ], plugin: "gcc_frames"),
        ZooCase(
            name: "signal-frame",
            threads: [
                blocked(
                    "interrupted", "handler_middle_calls_blocked", "handler_outer_calls_middle", "interrupted_body",
                    "interrupted_middle_calls_body", "interrupted_outer_calls_middle")
            ]),
        ZooCase(
            name: "signal-stack",
            threads: [
                blocked(
                    "switched", "handler_middle_calls_blocked", "handler_outer_calls_middle", "interrupted_body",
                    "interrupted_middle_calls_body", "switched_outer_calls_middle")
            ]),
        ZooCase(
            name: "smashed-sp",
            threads: [
                ZooCase.Thread(name: "sp-unmapped", chain: ["smashed_sp_blocks"], expectation: .innermost(1)),
                ZooCase.Thread(name: "sp-garbage", chain: ["smashed_sp_blocks"], expectation: .innermost(1)), victim,
            ]),
        ZooCase(
            name: "smashed-rbp",
            threads: [
                ZooCase.Thread(
                    name: "rbp-smashed", chain: ["smashed_rbp_blocks", "smashed_rbp_outer_calls_blocked"],
                    expectation: .innermost(2)),
                blocked("rbp-borrowed", "borrowed_rbp_blocks", "borrowed_rbp_outer_calls_blocked", "zoo_thread_main"),
            ]),
    ]

    static let locksOfTheRuntime = [
        ZooCase(
            name: "dlopen-constructor",
            threads: [
                blocked(
                    "dlopen-holder", "constructor_middle_calls_blocked", "zoo_stuck_constructor", "dlopen",
                    "dlopen_outer_calls_constructor"),
                blocked("dlopen-waiter", "dlopen", "dlopen_waiter_calls_blocked"),
            ], plugin: "stuck_constructor"),
        ZooCase(
            name: "dl-iterate-phdr",
            threads: [
                blocked("phdr-holder", "phdr_callback_calls_blocked", "dl_iterate_phdr", "phdr_outer_calls_callback"),
                blocked("phdr-waiter", "dl_iterate_phdr", "phdr_waiter_calls_blocked"),
            ]),
        ZooCase(
            name: "malloc-lock",
            threads: [
                blocked("HangZoo", "malloc_handler_calls_blocked", "malloc_outer_for_ever"),
                blocked("free-waiter", "free_waiter_calls_blocked"),
            ]),
        ZooCase(
            name: "malloc-lock-all",
            threads: [
                blocked("HangZoo", "malloc_handler_calls_blocked", "malloc_outer_for_ever"),
                blocked("free-waiter", "free_waiter_calls_blocked"),
                blocked("malloc-waiter", "malloc_waiter_calls_blocked"),
            ]),
        ZooCase(
            name: "stdio-lock",
            threads: [
                blocked("file-holder", "file_holder_waits"),
                blocked("fwrite-waiter", "fwrite", "fwrite_waiter_calls_blocked"),
                blocked("list-holder", "cookie_write_calls_blocked", "list_holder_calls_fflush"),
                blocked("fopen-waiter", "fopen_waiter_calls_blocked"),
            ]),
    ]

    static let lacking = [
        "closed-descriptors", "exhausted-descriptors", "memory-limit", "not-dumpable", "exec-forbidden", "main-exited",
    ].map { ZooCase(name: $0, threads: [victim], mainThreadEnds: $0 == "main-exited") }

    static let swift = [
        ZooCase(
            name: "swift-closures", threads: [blocked("closures", "blocksInMutex", "closuresOuterCallsMiddle")]),
        ZooCase(
            name: "swift-generics",
            threads: [blocked("generics", "blocksInMutex", "hold", "genericsOuterCallsMiddle")]),
        ZooCase(
            name: "swift-async",
            threads: [
                blocked(
                    "pool-blocked", "blocksInMutex", "asyncMiddleCallsBlocked", "asyncOuterCallsMiddle", "swift_job_run"
                )
            ], threadsComeAndGo: true),
    ]
}
