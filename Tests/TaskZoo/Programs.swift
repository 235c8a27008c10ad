import Dispatch
import Glibc
import Synchronization
import ZooKit

let programs: [String: @Sendable () async -> Void] = [
    "continuation": suspendsOnContinuation,
    "awaits": awaitsOther,
    "circle": awaitsInCircle,
    "group": waitsForGroup,
    "async-let": waitsForAsyncLet,
    "stream": waitsForStream,
    "sleep": sleeps,
    "cancelled": isCancelledAndDeaf,
    "actor": queuesForActor,
    "main-actor": queuesForMainActor,
    "pool": starvesPool,
    "many": { await makesMany(10_000) },
    "very-many": { await makesMany(100_000) },
    "recursion": recurses,
    "locals": bindsLocals,
    "pool-of-children": starvesPoolByChildren,
    "walk": walksOnce,
    "callback": waitsForCallback,
    "left-actor": waitsOutsideOfItsActor,
    "hand-over": handsOver,
    "running": runsTwo,
    "executor": queuesForExecutor,
    "preferred": prefersExecutor,
    "distributed": callsDistributedActor,
    "own-actor": blocksItsOwnActor,
    "own-main-actor": blocksItsMainActor,
    "own-group": blocksItsActorForGroup,
    "group-circle": awaitsItsParent,
    "main-queue": blocksMainQueue,
    "main-thread": findsMainThreadBlocked,
    "two-actors": blocksTwoActors,
    "own-pool": blocksPoolForItsTasks,
    "outside": blocksForWhatMayCome,
    "gate": blocksForSomebodyElse,
    "busy": isBusy,
]

// MARK: What tasks wait for

@inline(never) func isNeverResumed() async {
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
}

@inline(never) func innerWaits() async {
    await isNeverResumed()
    mark()
}

@inline(never) func middleWaits() async {
    await innerWaits()
    mark()
}

@inline(never) func outerWaits() async {
    await middleWaits()
    mark()
}

/// Keeps a call from being the last thing that a function does.
@inline(never) func mark() { marks.add(1, ordering: .relaxed) }
private let marks = Atomic(0)

// MARK: Programs

@Sendable private func suspendsOnContinuation() async {
    Task(name: "nested") { await outerWaits() }
    Task.detached(name: "detached", priority: .background) { await outerWaits() }
    await settle()
}

@Sendable private func awaitsOther() async {
    let awaited = Task(name: "awaited", priority: .high) { await outerWaits() }
    Task(name: "waiter") {
        await awaited.value
        mark()
    }
    await settle()
}

/// One that awaits itself, through another.
private final class Handles: Sendable {
    let first = Mutex<Task<Void, Never>?>(nil)
}

@Sendable private func awaitsInCircle() async {
    let handles = Handles()
    let second = Task(name: "second") {
        while handles.first.withLock({ $0 }) == nil { await Task.yield() }
        await handles.first.withLock { $0 }?.value
        mark()
    }
    handles.first.withLock { first in
        first = Task(name: "first") {
            await second.value
            mark()
        }
    }
    await settle()
}

@Sendable private func waitsForGroup() async {
    Task(name: "parent") {
        await withTaskGroup(of: Void.self) { group in
            for number in 1...3 { group.addTask(name: "child \(number)") { await outerWaits() } }
            await group.waitForAll()
            mark()
        }
    }
    await settle()
}

@Sendable private func waitsForAsyncLet() async {
    Task(name: "parent") {
        async let one: Void = outerWaits()
        await one
        mark()
    }
    await settle()
}

@Sendable private func waitsForStream() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    Task(name: "consumer") {
        for await _ in stream { mark() }
        withExtendedLifetime(continuation) {}
    }
    await settle()
}

@Sendable private func sleeps() async {
    Task(name: "sleeper") {
        try? await Task.sleep(for: .seconds(100_000))
        mark()
    }
    await settle()
}

@Sendable private func isCancelledAndDeaf() async {
    let deaf = Task(name: "deaf") { await outerWaits() }
    await settle()
    deaf.cancel()
}

actor Bank {
    private let never = DispatchSemaphore(value: 0)
    private let isEntered: DispatchSemaphore

    init(isEntered: DispatchSemaphore) { self.isEntered = isEntered }

    func blocks() {
        isEntered.signal()
        wait(for: never)
    }
    func deposit() { mark() }
}

/// Not to be called where tasks run, which these programs are about.
@inline(never) func wait(for semaphore: DispatchSemaphore) { semaphore.wait() }

@Sendable private func queuesForActor() async {
    let isEntered = DispatchSemaphore(value: 0)
    let bank = Bank(isEntered: isEntered)
    Task(name: "holder") { await bank.blocks() }
    wait(for: isEntered)
    for number in 1...2 {
        Task(name: "customer \(number)") {
            await bank.deposit()
            mark()
        }
    }
    await settle()
}

@MainActor private func blocksMainActor(_ isEntered: DispatchSemaphore) {
    isEntered.signal()
    wait(for: DispatchSemaphore(value: 0))
}
@MainActor private func updates() { mark() }

@Sendable private func queuesForMainActor() async {
    let isEntered = DispatchSemaphore(value: 0)
    Task(name: "holder") { await blocksMainActor(isEntered) }
    wait(for: isEntered)
    Task(name: "updater") {
        await updates()
        mark()
    }
    await settle()
    // Whoever called this has to wait for the main actor too.
    isReady()
}

@Sendable private func starvesPool() async {
    let never = DispatchSemaphore(value: 0)
    let width = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    // The program itself has a thread of the pool, until it is done.
    for number in 1..<max(width, 2) { Task(name: "blocker \(number)") { wait(for: never) } }
    await settle()
    Task(name: "starved") { mark() }
    atRest(isReady)
    wait(for: never)
}

enum Request {
    @TaskLocal static var id: String?
    @TaskLocal static var tenant = "nobody"
    @TaskLocal static var number = 0
    @TaskLocal static var attempt: Int?
    @TaskLocal static var apiToken: String?
}

@Sendable private func bindsLocals() async {
    Task(name: "unbound") { await outerWaits() }
    Request.$id.withValue("a request whose number is longer than a small string: 4711") {
        Request.$tenant.withValue("short") {
            Request.$attempt.withValue(3) {
                Task(name: "bound") {
                    await Request.$number.withValue(-42) {
                        await Request.$attempt.withValue(nil) {
                            await Request.$apiToken.withValue("hunter2hunter2") {
                                await withTaskGroup(of: Void.self) { group in
                                    group.addTask(name: "child") { await outerWaits() }
                                    await group.waitForAll()
                                }
                            }
                        }
                    }
                }
                Task(name: "copied") { await outerWaits() }
            }
        }
    }
    await settle()
}

@Sendable private func makesMany(_ count: Int) async {
    for _ in 0..<count { Task { await outerWaits() } }
    await settle()
}

@inline(never) private func recursesAndWaits(_ depth: Int) async {
    if depth == 0 { await isNeverResumed() } else { await recursesAndWaits(depth - 1) }
    mark()
}

/// One of them goes on when there is a line on standard input.
@Sendable private func walksOnce() async {
    Task(name: "walker") {
        await waitsForInput()
        atRest(isReady)
        await outerWaits()
    }
    Task(name: "stands") { await outerWaits() }
    await settle()
}

@inline(never) private func waitsForInput() async {
    await withUnsafeContinuation { continuation in
        DispatchQueue.global().async {
            _ = readLine()
            continuation.resume()
        }
    }
    mark()
}

@Sendable private func recurses() async {
    Task(name: "deep") { await recursesAndWaits(10_000) }
    await settle()
}
