import Dispatch
import Glibc
import Synchronization

// A healthy service: all of it waits now and then, always at the same few lines, and never for more than a moment.
// Whoever looks twice finds threads and tasks where they were before.

private actor Stock {
    private var count = 0

    func takes() {
        computes()
        count += 1
    }

    func takes(from other: Stock) async {
        takes()
        await other.takes()
        mark()
    }

    /// Blocks a thread of the pool, with this actor, until a task that needs neither has run.
    func waitsForTask() {
        let isDone = DispatchSemaphore(value: 0)
        Task.detached(name: "helper", priority: .high) { isDone.signal() }
        wait(for: isDone)
    }
}

/// Signals from a thread that is none of the pool's, within a millisecond.
private final class Bell: Sendable {
    private let queue = DispatchQueue(label: "bell")

    func blocks() {
        let isDone = DispatchSemaphore(value: 0)
        queue.async {
            usleep(200)
            isDone.signal()
        }
        wait(for: isDone)
    }
}

private final class Ledger: Sendable {
    private let first = Mutex(0)
    private let second = Mutex(0)

    func books() {
        first.withLock { entries in
            computes()
            second.withLock { $0 += 1 }
            entries += 1
        }
    }
}

@MainActor private func updates(_ bell: Bell) {
    computes()
    bell.blocks()
}

@inline(never) private func computes() { for _ in 0..<1000 { mark() } }

/// Its tasks stay for as long as the process does.
@Sendable func isBusy() async {
    startTasks()
    startThreads()
    await moment()
}

private func startTasks() {
    let (bell, ledger, stocks) = (Bell(), Ledger(), [Stock(), Stock()])
    for priority in [TaskPriority.high, .medium, .low, .background] {
        repeats("computes", priority) {
            computes()
            await Task.yield()
        }
        for number in 1...3 {
            repeats("takes \(number)", priority) {
                await stocks[number % 2].takes(from: stocks[(number + 1) % 2])
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        repeats("books", priority) {
            ledger.books()
            try? await Task.sleep(for: .milliseconds(1))
        }
        repeats("updates", priority) { await updates(bell) }
    }
    // More of them than the pool has threads of their priority, each of which is nearly always in that one call.
    for number in 1...8 { repeats("blocks \(number)", .low) { bell.blocks() } }
    // With one processor nobody else could run the task.
    if sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1 {
        repeats("waits for a task", .medium) { await stocks[0].waitsForTask() }
    }
}

private func repeats(_ name: String, _ priority: TaskPriority, _ body: @escaping @Sendable () async -> Void) {
    Task.detached(name: name, priority: priority) {
        while true { await body() }
    }
}

private func startThreads() {
    let ledger = Ledger()
    for number in 1...3 {
        repeats(onQueue: "books \(number)") {
            ledger.books()
            usleep(500)
        }
    }
    repeats(onQueue: "asks main") {
        DispatchQueue.main.sync { computes() }
        usleep(500)
    }
    let (ping, pong) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    repeats(onQueue: "ping") {
        usleep(300)
        ping.signal()
        wait(for: pong)
    }
    repeats(onQueue: "pong") {
        wait(for: ping)
        usleep(300)
        pong.signal()
    }
}

private func repeats(onQueue label: String, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue(label: label).async {
        while true { body() }
    }
}
