import Dispatch
import Distributed
import Glibc
import ZooKit

// Programs whose tasks are on executors of the program's own, and distributed actors.

private final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "executor")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// Of two actors on one executor, only one can be served.
private actor Desk {
    private let executor: QueueExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(on executor: QueueExecutor) { self.executor = executor }

    func blocks(_ isEntered: DispatchSemaphore) {
        isEntered.signal()
        wait(for: DispatchSemaphore(value: 0))
    }
    func serves() { mark() }
}

@Sendable func queuesForExecutor() async {
    let isEntered = DispatchSemaphore(value: 0)
    let executor = QueueExecutor()
    let (first, second) = (Desk(on: executor), Desk(on: executor))
    Task(name: "holder") { await first.blocks(isEntered) }
    wait(for: isEntered)
    Task(name: "customer") {
        await second.serves()
        mark()
    }
    await settle()
}

/// Its threads are not the pool's, however many tasks wait.
@Sendable func prefersExecutor() async {
    let isEntered = DispatchSemaphore(value: 0)
    let executor = BlockingExecutor()
    Task(name: "holder", executorPreference: executor) {
        isEntered.signal()
        wait(for: DispatchSemaphore(value: 0))
    }
    wait(for: isEntered)
    Task(name: "customer", executorPreference: executor) { mark() }
    await settle()
}

private final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "preferred")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

private distributed actor Clerk {
    typealias ActorSystem = LocalTestingDistributedActorSystem

    distributed func waits() async { await outerWaits() }
}

@Sendable func callsDistributedActor() async {
    let clerk = Clerk(actorSystem: LocalTestingDistributedActorSystem())
    Task(name: "caller") {
        try? await clerk.waits()
        mark()
    }
    await settle()
}
