import Dispatch
import GMRAgent
import Glibc

#if NIO
    import NIOPosix
#endif

/// For the watchdog. Each has an event loop that its standard input holds and releases.
let watchedPrograms: [String: @Sendable () async -> Void] = [
    "watched": { watchesLoop() },
    "watched-busy": keepsBusy,
    "watched-hog": hogsPool,
    "watched-main-actor": holdsMainActor,
    "watched-sender": { gmr.watch("stuck sender") { _ in wait(for: DispatchSemaphore(value: 0)) } },
    "watched-unregistered": {
        gmr.watch("gone") { _ in }.unregister()
        watchesLoop()
    },
    "watched-nio": { watchesEventLoops() },
]

/// Two of swift-nio's; the second one is held.
private func watchesEventLoops() {
    #if NIO
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        gmr.watch(group)
        _ = group.next()
        let second = group.next()
        let release = DispatchSemaphore(value: 0)
        DispatchQueue(label: "commands").async {
            while let command = readLine() {
                if command == "hold" { second.execute { wait(for: release) } } else { release.signal() }
            }
        }
    #endif
}

private func watchesLoop() {
    let loop = DispatchQueue(label: "event loop")
    gmr.watch("event loop 1") { answer in
        loop.async {
            computes(for: 20_000_000)
            answer()
        }
    }
    let release = DispatchSemaphore(value: 0)
    DispatchQueue(label: "commands").async {
        while let command = readLine() {
            if command == "hold" { loop.async { wait(for: release) } } else { release.signal() }
        }
    }
}

/// More than there are processors for, at each priority and on the main actor; all of it lets others in.
@Sendable private func keepsBusy() async {
    watchesLoop()
    let end = ContinuousClock.now + .seconds(4)
    await withTaskGroup(of: Void.self) { group in
        for priority in [TaskPriority.high, .medium, .low, .background] {
            for _ in 0..<20 {
                group.addTask(priority: priority) { await isBusy(until: end) }
            }
        }
        group.addTask { await isBusyOnMainActor(until: end) }
    }
}

@concurrent private func isBusy(until end: ContinuousClock.Instant) async {
    while .now < end {
        spin(for: .milliseconds(1))
        await Task.yield()
    }
}

@MainActor private func isBusyOnMainActor(until end: ContinuousClock.Instant) async {
    while .now < end {
        spin(for: .milliseconds(1))
        await Task.yield()
    }
}

/// - Parameter nanoseconds: Of a processor's time.
private func computes(for nanoseconds: Int) {
    func used() -> Int {
        var used = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
        return used.tv_sec * 1_000_000_000 + used.tv_nsec
    }
    let end = used() + nanoseconds
    while used() < end { mark() }
}

private func spin(for duration: Duration) {
    let end = ContinuousClock.now + duration
    while .now < end { mark() }
}

@Sendable private func hogsPool() async {
    let width = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    for number in 1...width {
        Task.detached(name: "hog \(number)", priority: .low) { hogs() }
    }
}

@inline(never) private func hogs() {
    while true { mark() }
}

@Sendable private func holdsMainActor() async {
    // It counts from its first answer on.
    try? await Task.sleep(for: .seconds(1))
    isReady()
    Task(name: "holder") { @MainActor in wait(for: DispatchSemaphore(value: 0)) }
}
