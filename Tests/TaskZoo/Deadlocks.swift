import Dispatch
import Glibc
import Synchronization
import ZooKit

// Programs whose threads wait for semaphores that tasks would signal, and healthy ones that look so.

private actor Teller {
    private let isEntered: DispatchSemaphore?

    init(isEntered: DispatchSemaphore? = nil) { self.isEntered = isEntered }

    /// Blocks its own actor until a task has had a turn on it.
    func waitsForOwnTask() {
        let isDone = DispatchSemaphore(value: 0)
        Task(name: "signaller") {
            self.serves()
            isDone.signal()
        }
        wait(for: isDone)
    }

    /// Blocks until a task has had a turn on another actor.
    func waits(for other: Teller, name: String, body: @escaping @Sendable (Teller) async -> Void) {
        let isDone = DispatchSemaphore(value: 0)
        Task.detached(name: name, priority: .low) {
            await body(other)
            isDone.signal()
        }
        isEntered?.signal()
        wait(for: isDone)
    }

    /// Blocks until children of a task have had a turn on this actor.
    func waitsForGroup() {
        let isDone = DispatchSemaphore(value: 0)
        Task.detached(name: "parent", priority: .high) {
            await withTaskGroup(of: Void.self) { group in
                for number in 1...2 { group.addTask(name: "child \(number)") { await self.serves() } }
            }
            isDone.signal()
        }
        wait(for: isDone)
    }

    func serves() { mark() }
}

@Sendable func blocksItsOwnActor() async {
    let teller = Teller()
    Task(name: "holder") { await teller.waitsForOwnTask() }
    await settle()
}

@Sendable func blocksItsActorForGroup() async {
    let teller = Teller()
    Task.detached(name: "holder", priority: .low) { await teller.waitsForGroup() }
    await settle()
}

/// A child that awaits the task whose group it is in.
@Sendable func awaitsItsParent() async {
    let parent = Mutex<Task<Void, Never>?>(nil)
    let task = Task(name: "parent") {
        while parent.withLock({ $0 }) == nil { await Task.yield() }
        let own = parent.withLock { $0 }
        await withTaskGroup(of: Void.self) { group in
            group.addTask(name: "child 1") { await own?.value }
            group.addTask(name: "child 2") { await own?.value }
        }
    }
    parent.withLock { $0 = task }
    await settle()
}

/// Waits on the main thread, or in work of the main queue, for what the main actor would do; no task runs there.
@Sendable func blocksMainThread() {
    let isDone = DispatchSemaphore(value: 0)
    Task(name: "signaller") { @MainActor in
        mark()
        isDone.signal()
    }
    wait(for: isDone)
}

@Sendable func blocksMainQueue() async {
    DispatchQueue.main.async(execute: blocksMainThread)
    await findsMainThreadBlocked()
}

@Sendable func findsMainThreadBlocked() async {
    await settle()
    // Whoever called this has to wait for the main actor too.
    isReady()
}

@MainActor private func blocksMainActorForItself() {
    let isDone = DispatchSemaphore(value: 0)
    Task(name: "signaller") { @MainActor in
        mark()
        isDone.signal()
    }
    wait(for: isDone)
}

@Sendable func blocksItsMainActor() async {
    Task(name: "holder") { await blocksMainActorForItself() }
    await settle()
    // Whoever called this has to wait for the main actor too.
    isReady()
}

@Sendable func blocksTwoActors() async {
    let isEntered = DispatchSemaphore(value: 0)
    let (first, second) = (Teller(), Teller(isEntered: isEntered))
    Task.detached(name: "holder", priority: .high) {
        await first.waits(for: second, name: "middle") { second in
            await second.waits(for: first, name: "last") { first in await first.serves() }
        }
    }
    wait(for: isEntered)
    await settle()
}

/// Each thread of the pool waits for a task that would need one.
@Sendable func blocksPoolForItsTasks() async {
    let width = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    for number in 1...max(width, 2) {
        Task.detached(name: "blocker \(number)", priority: .low) {
            let isDone = DispatchSemaphore(value: 0)
            // Until the others are before it in the queue.
            while !areMade.load(ordering: .acquiring) { usleep(1000) }
            Task.detached(name: "signaller \(number)", priority: .low) {
                mark()
                isDone.signal()
            }
            wait(for: isDone)
        }
    }
    areMade.store(true, ordering: .releasing)
    await settle()
}
private let areMade = Atomic(false)

/// Children lie in the memory of their parents.
@Sendable func starvesPoolByChildren() async {
    let never = DispatchSemaphore(value: 0)
    for _ in 0..<max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2) {
        Task.detached(priority: .low) {
            async let child: Void = { wait(for: never) }()
            await child
        }
    }
    await settle()
    Task.detached(name: "starved", priority: .low) { mark() }
    await settle()
}

/// Whoever is to signal waits for something outside.
@Sendable func blocksForWhatMayCome() async {
    let isEntered = DispatchSemaphore(value: 0)
    Task.detached(name: "holder", priority: .low) {
        let isDone = DispatchSemaphore(value: 0)
        Task.detached(name: "signaller", priority: .high) {
            await outerWaits()
            isDone.signal()
        }
        isEntered.signal()
        wait(for: isDone)
    }
    wait(for: isEntered)
    await settle()
}

/// Tasks that know an actor's semaphore, because they know the actor.
actor Gate {
    private let isOpen = DispatchSemaphore(value: 0)

    func opens(_ isEntered: DispatchSemaphore) {
        isEntered.signal()
        wait(for: isOpen)
    }
    func passes() { mark() }
}

@Sendable func blocksForSomebodyElse() async {
    let gate = Gate()
    let isEntered = DispatchSemaphore(value: 0)
    Task.detached(name: "holder", priority: .low) { await gate.opens(isEntered) }
    wait(for: isEntered)
    Task.detached(name: "visitor") {
        await gate.passes()
        mark()
    }
    await settle()
}

// MARK: Tasks that run

@inline(never) private func innerBlocks(_ isEntered: DispatchSemaphore) async {
    isEntered.signal()
    wait(for: DispatchSemaphore(value: 0))
}

@inline(never) private func middleBlocks(_ isEntered: DispatchSemaphore) async {
    await innerBlocks(isEntered)
    mark()
}

@inline(never) private func outerBlocks(_ isEntered: DispatchSemaphore) async {
    await settle()
    await middleBlocks(isEntered)
    mark()
}

/// A task that knows another one, both of which run.
@Sendable func runsTwo() async {
    let isEntered = DispatchSemaphore(value: 0)
    let known = Task.detached(name: "known", priority: .low) { await outerBlocks(isEntered) }
    wait(for: isEntered)
    Task.detached(name: "knows", priority: .background) {
        await outerBlocks(isEntered)
        await known.value
    }
    wait(for: isEntered)
}
