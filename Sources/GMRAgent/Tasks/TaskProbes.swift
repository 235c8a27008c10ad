import CUnwindShim
import Synchronization

/// Two tasks of GMR's own, which never end: the runtime's public functions tell what there is to be read of them, and
/// every report reads them as it reads all others. They use no thread but the one that makes them.
enum TaskProbes {
    static let name = "gmr probe"

    private static let executor = CallersExecutor()
    /// Kept, so that no tool that looks for leaks finds one.
    private static let waiter = Mutex<Task<Void, Never>?>(nil)

    /// Makes them. Once in a process.
    static func make() {
        waiter.withLock { waiter in
            guard waiter == nil else { return }
            let met = Met()
            // One that is cancelled, and the child that it awaits.
            let task = Task.detached(name: name, executorPreference: executor, priority: .low) {
                met.meetCurrentTask()
                async let child: Void = neverReturns(met)
                await child
            }
            executor.runAll()
            task.cancel()
            waiter = task
            let addresses = met.addresses.withLock(\.self)
            guard addresses.count == GMR_TASK_PROBES else { return }
            gmr_agent_probe_tasks(addresses)
        }
    }

    private static func neverReturns(_ met: Met) async {
        met.meetCurrentTask()
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }

    private final class Met: Sendable {
        let addresses = Mutex<[UInt]>([])

        func meetCurrentTask() {
            let address = withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
            addresses.withLock { $0.append(address) }
        }
    }
}

/// Runs tasks on the thread that asks for it.
private final class CallersExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func runAll() {
        while let job = jobs.withLock({ $0.popLast() }) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
