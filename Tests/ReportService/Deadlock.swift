import Glibc

/// Two threads that wait for each other's lock for ever.
enum Deadlock {
    nonisolated(unsafe) private static let first = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private static let second = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private static let meeting = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    /// Returns when both hold one lock.
    static func start() {
        pthread_mutex_init(first, nil)
        pthread_mutex_init(second, nil)
        pthread_barrier_init(meeting, nil, 3)
        thread { _ in
            Deadlock.workerTakesFirstThenSecond()
            return nil
        }
        thread { _ in
            Deadlock.workerTakesSecondThenFirst()
            return nil
        }
        pthread_barrier_wait(meeting)
    }

    /// Waits for one of them too.
    static func join() {
        pthread_mutex_lock(first)
    }

    private static func thread(_ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?)
    {
        var thread = pthread_t()
        pthread_create(&thread, nil, body, nil)
    }

    @inline(never)
    private static func workerTakesFirstThenSecond() {
        pthread_mutex_lock(first)
        pthread_barrier_wait(meeting)
        pthread_mutex_lock(second)
    }

    @inline(never)
    private static func workerTakesSecondThenFirst() {
        pthread_mutex_lock(second)
        pthread_barrier_wait(meeting)
        pthread_mutex_lock(first)
    }
}
