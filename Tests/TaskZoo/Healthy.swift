import Dispatch
import Glibc
import Synchronization
import ZooKit

// Programs that only look as if they could not go on.

/// A callback signals, which is no task; who awaits the one that waits has the semaphore too.
@Sendable func waitsForCallback() async {
    Task.detached(name: "parent", priority: .low) {
        let isDone = DispatchSemaphore(value: 0)
        DispatchQueue(label: "callback").asyncAfter(deadline: .now() + 100_000) { isDone.signal() }
        async let waited: Void = { wait(for: isDone) }()
        await waited
    }
    await settle()
}

private actor Till {
    private var count = 0

    /// Leaves the actor for as long as it waits.
    func runs(_ isOutside: DispatchSemaphore) async {
        let isDone = DispatchSemaphore(value: 0)
        Task(name: "step", priority: .low) {
            self.steps()
            isDone.signal()
        }
        await waitsOutside(isDone, self, isOutside)
        count += 1
    }
    func steps() { count += 1 }
}

@inline(never) private nonisolated func waitsOutside(
    _ isDone: DispatchSemaphore, _ till: Till, _ isOutside: DispatchSemaphore
) async {
    isOutside.signal()
    withExtendedLifetime(till) { wait(for: isDone) }
}

/// A task for the actor has no thread as long as others compute, which is not for ever.
@Sendable func waitsOutsideOfItsActor() async {
    let width = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    for _ in 1..<max(width, 2) { Task.detached(priority: .low) { computes() } }
    let till = Till()
    await moment()
    let isOutside = DispatchSemaphore(value: 0)
    Task.detached(name: "runner", priority: .low) { await till.runs(isOutside) }
    wait(for: isOutside)
    await moment()
}

/// Who never rests cannot be asked when it does.
@inline(never) func moment() async { try? await Task.sleep(for: .milliseconds(100)) }

private let computed = Atomic(0)

@inline(never) private func computes() { while true { computed.add(1, ordering: .relaxed) } }

@inline(never) private func parentComputes(_ child: Task<Void, Never>) {
    for _ in 0..<200_000 { computed.add(1, ordering: .relaxed) }
    withExtendedLifetime(child) {}
}
@inline(never) private func childComputes() {
    for _ in 0..<200_000 { computed.add(2, ordering: .relaxed) }
}

/// Tasks that follow each other on one thread all the time.
@Sendable func handsOver() async {
    let width = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    for _ in 1..<max(width, 2) { Task.detached(priority: .low) { computes() } }
    Task.detached(name: "parent", priority: .low) {
        while true {
            let child = Task.detached(name: "child", priority: .low) { childComputes() }
            parentComputes(child)
            await child.value
        }
    }
    await moment()
}
