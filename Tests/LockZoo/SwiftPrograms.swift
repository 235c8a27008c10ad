import Foundation
import Synchronization

/// A program in Swift, with its truth as CLockZoo.h describes it.
struct SwiftProgram: Sendable {
    var name: String
    var deadlocks = ""
    var waits = ""
    var build: @Sendable () -> Void
}

/// Starts a thread whose name the kernel knows before `body` runs.
func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        try? name.write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
        body()
    }
    thread.start()
}

/// Lets all of `count` threads go on when the last one has come.
final class Meeting: Sendable {
    private let count: Int
    private let arrived = Atomic<Int>(0)

    init(_ count: Int) { self.count = count }

    func wait() {
        arrived.add(1, ordering: .acquiringAndReleasing)
        while arrived.load(ordering: .acquiring) < count { sched_yield() }
    }
}

final class Held: Sendable {
    let mutex = Mutex(0)
}

func readForEver() {
    var ends: [Int32] = [-1, -1]
    var byte: UInt8 = 0
    pipe(&ends)
    while read(ends[0], &byte, 1) != 0 {}
}

private let slowGlobalMeeting = Meeting(2)
private let slowGlobal: Int = {
    slowGlobalMeeting.wait()
    readForEver()
    return 0
}()

private let globalsMeeting = Meeting(2)
private let firstGlobal: Int = {
    globalsMeeting.wait()
    return secondGlobal
}()
private let secondGlobal: Int = {
    globalsMeeting.wait()
    return firstGlobal
}()

private let globalLock = NSLock()
private let lockingMeeting = Meeting(2)
private let lockingGlobal: Int = {
    lockingMeeting.wait()
    globalLock.lock()
    return 0
}()

let swiftPrograms: [SwiftProgram] = [
    SwiftProgram(name: "swift-mutex", waits: "waiter swiftMutex holder") {
        let (held, meeting) = (Held(), Meeting(2))
        start("holder") {
            held.mutex.withLock { _ in
                meeting.wait()
                readForEver()
            }
        }
        start("waiter") {
            meeting.wait()
            held.mutex.withLock { $0 += 1 }
        }
    },
    SwiftProgram(name: "lazy-global", waits: "waiter once holder") {
        start("holder") { _ = slowGlobal }
        start("waiter") {
            slowGlobalMeeting.wait()
            _ = slowGlobal
        }
    },
    // Each asks the kernel for ever: it says that this is a deadlock.
    SwiftProgram(name: "crossed-lazy-globals", deadlocks: "hot-alpha once hot-beta once hot-alpha: certain") {
        start("hot-alpha") { _ = firstGlobal }
        start("hot-beta") { _ = secondGlobal }
    },
    SwiftProgram(name: "lazy-global-and-lock", deadlocks: "alpha mutex beta once alpha: certain") {
        start("alpha") { _ = lockingGlobal }
        start("beta") {
            globalLock.lock()
            lockingMeeting.wait()
            _ = lockingGlobal
        }
    },
    SwiftProgram(name: "main-queue", waits: "alpha dispatchQueue LockZoo") {
        start("alpha") { DispatchQueue.main.sync {} }
    },
    SwiftProgram(name: "queue-targets", deadlocks: "alpha dispatchQueue beta dispatchQueue alpha: certain") {
        let (base, meeting) = (DispatchQueue(label: "base"), Meeting(2))
        let (one, other) = (DispatchQueue(label: "one", target: base), DispatchQueue(label: "other"))
        start("alpha") {
            one.sync {
                meeting.wait()
                other.sync {}
            }
        }
        start("beta") {
            other.sync {
                meeting.wait()
                base.sync {}
            }
        }
    },
    SwiftProgram(name: "nsrecursivelock", deadlocks: "alpha mutex beta mutex alpha: certain") {
        let (one, other, meeting) = (NSRecursiveLock(), NSRecursiveLock(), Meeting(2))
        for (name, first, second) in [("alpha", one, other), ("beta", other, one)] {
            start(name) {
                first.lock()
                meeting.wait()
                second.lock()
            }
        }
    },
    SwiftProgram(name: "nslock", deadlocks: "alpha mutex beta mutex alpha: certain") {
        let (one, other, meeting) = (NSLock(), NSLock(), Meeting(2))
        for (name, first, second) in [("alpha", one, other), ("beta", other, one)] {
            start(name) {
                first.lock()
                meeting.wait()
                second.lock()
            }
        }
    },
    SwiftProgram(name: "nscondition", waits: "alpha condition -") {
        let condition = NSCondition()
        start("alpha") {
            condition.lock()
            while true { condition.wait() }
        }
    },
    SwiftProgram(name: "queues", deadlocks: "alpha dispatchQueue beta dispatchQueue alpha: certain") {
        let (one, other, meeting) = (DispatchQueue(label: "one"), DispatchQueue(label: "other"), Meeting(2))
        for (name, first, second) in [("alpha", one, other), ("beta", other, one)] {
            start(name) {
                first.sync {
                    meeting.wait()
                    second.sync {}
                }
            }
        }
    },
    SwiftProgram(
        name: "queue-and-lock", deadlocks: "alpha mutex beta dispatchQueue alpha: certain",
        waits: "gamma dispatchQueue alpha"
    ) {
        let (queue, lock, meeting) = (DispatchQueue(label: "ledger"), NSLock(), Meeting(3))
        start("alpha") {
            queue.sync {
                meeting.wait()
                lock.lock()
            }
        }
        start("beta") {
            lock.lock()
            meeting.wait()
            queue.sync {}
        }
        start("gamma") {
            meeting.wait()
            queue.sync {}
        }
    },
    SwiftProgram(name: "dispatch-semaphore", waits: "alpha dispatchSemaphore -") {
        let semaphore = DispatchSemaphore(value: 0)
        start("alpha") { semaphore.wait() }
    },
    SwiftProgram(name: "dispatch-group", waits: "alpha dispatchGroup -") {
        let group = DispatchGroup()
        group.enter()
        start("alpha") { group.wait() }
    },
]
