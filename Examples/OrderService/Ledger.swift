import Glibc

/// Two accounts behind a mutex each, taken in opposite order: the classic deadlock.
final class Ledger: Sendable {
    let orders = PthreadMutex()
    let stock = PthreadMutex()
    private let bothHoldOne = PthreadBarrier(count: 3)

    func waitUntilBothHoldOneLock() {
        bothHoldOne.wait()
    }

    func payThenShip() {
        orders.withLock {
            bothHoldOne.wait()
            stock.withLock {}
        }
    }

    func shipThenPay() {
        stock.withLock {
            bothHoldOne.wait()
            orders.withLock {}
        }
    }

    func total() {
        orders.withLock {}
    }
}

/// A pthread mutex, as NIOLock and NSLock use it.
final class PthreadMutex: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
    }

    func withLock(_ body: () -> Void) {
        pthread_mutex_lock(mutex)
        body()
        pthread_mutex_unlock(mutex)
    }
}

final class PthreadBarrier: @unchecked Sendable {
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(count: UInt32) {
        pthread_barrier_init(barrier, nil, count)
    }

    func wait() {
        pthread_barrier_wait(barrier)
    }
}
