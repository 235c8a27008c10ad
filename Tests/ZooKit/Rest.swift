import Dispatch
import Glibc
import Synchronization

// Programs of a zoo say that they are ready when all of their threads sleep where they stay: on a loaded machine a
// thread may take any time to get there. They must not have threads that never rest, or that sleep for a moment only.

/// Writes the line that tests wait for.
@inline(never) public func sayReady() {
    let line = Array("ready\n".utf8)
    _ = write(STDOUT_FILENO, line, line.count)
}

/// Calls, on a thread that no task needs, once all other threads of the process are at rest.
/// - Parameter body: What may let them go on, or say that they are there.
public func atRest(_ body: @escaping @Sendable () -> Void) { umpire.calls(body) }

/// Suspends the task until all threads of the process are at rest.
@inline(never) public func settle() async {
    await withUnsafeContinuation { continuation in atRest { continuation.resume() } }
}

private let umpire = Umpire()

/// The one thread that looks at the others.
private final class Umpire: @unchecked Sendable {
    private let calls = Mutex<[@Sendable () -> Void]>([])
    /// How many calls there are to make. No task can be thought to post it.
    private let count = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(count, 0, 0)
        // Held open: a program may change its root directory later.
        let tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard tasks >= 0 else { fatalError("no /proc/self/task") }
        DispatchQueue(label: "umpire").async { self.watches(tasks) }
    }

    func calls(_ body: @escaping @Sendable () -> Void) {
        calls.withLock { $0.append(body) }
        sem_post(count)
    }

    private func watches(_ tasks: Int32) {
        // `PID/task/TID`
        var link = [UInt8](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &link, link.count)
        guard let own = link.prefix(max(length, 0)).split(separator: UInt8(ascii: "/")).last else {
            fatalError("no /proc/thread-self")
        }
        while true {
            while sem_wait(count) != 0 {}
            do {
                try ThreadPlaces.waitForRest(in: tasks, except: String(decoding: own, as: UTF8.self))
            } catch {
                fatalError("\(error)")
            }
            // One of them: what it lets go has to come to rest again.
            calls.withLock { $0.removeFirst() }()
        }
    }
}
