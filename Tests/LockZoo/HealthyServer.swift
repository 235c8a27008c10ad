import Dispatch
import Foundation
import Synchronization

/// Programs in Swift that contend for ever and never deadlock.
let healthySwiftPrograms = [
    // Requests as tasks and as threads, over one queue, one Swift Mutex and one NSLock, always in that order.
    SwiftProgram(name: "swift-server") {
        let (queue, held, lock) = (DispatchQueue(label: "ledger"), Held(), NSLock())
        @Sendable func request() {
            queue.sync {
                held.mutex.withLock { count in
                    lock.lock()
                    count &+= 1
                    lock.unlock()
                }
            }
            held.mutex.withLock { $0 &+= 1 }
        }
        for _ in 0..<4 {
            start("healthy") { while true { request() } }
        }
        for _ in 0..<2 {
            Task.detached {
                while true {
                    request()
                    await Task.yield()
                }
            }
        }
    }
]
