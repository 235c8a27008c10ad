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
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackByteCount)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Job(name: name, body: body))
        let result = pthread_create(
            &thread, &attributes,
            { context in
                let job = Unmanaged<Job>.fromOpaque(context!).takeRetainedValue()
                gmr_thread_name(job.name)
                job.body()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result
    }
}
