import CUnwindShim
import Glibc

/// A thread that nobody joins.
enum DetachedThread {
    private final class Job {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private static let stackByteCount = 512 * 1024

    /// - Parameter name: 15 characters at most.
    /// - Returns: 0, or the errno of pthread_create, and then `body` does not run.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let context = Unmanaged.passRetained(Job(name: name, body: body))
        let result = gmr_thread_start(
            nil, stackByteCount,
            { context in
                let job = Unmanaged<Job>.fromOpaque(context!).takeRetainedValue()
                gmr_thread_name(job.name)
                job.body()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return -result
    }
}
