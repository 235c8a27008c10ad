import BenchThreads
import Synchronization

/// Tasks that nobody will ever resume.
enum BenchTasks {
    private static let suspended = Atomic(0)

    /// Returns when all of them are suspended: 0, or -1 where there is no more memory.
    /// - Parameter heapByteCount: In use, and the tasks at equal distances in it.
    static func start(_ count: Int, heapByteCount: UInt64) async -> Int32 {
        for _ in 0..<count {
            if heapByteCount > 0, bench_fill_heap(heapByteCount / UInt64(count)) != 0 { return -1 }
            Task { await outer() }
        }
        while suspended.load(ordering: .acquiring) < count { await Task.yield() }
        return 0
    }

    @inline(never) private static func outer() async {
        await middle()
        mark()
    }

    @inline(never) private static func middle() async {
        await inner()
        mark()
    }

    @inline(never) private static func inner() async {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in mark() }
        mark()
    }

    @inline(never) private static func mark() { suspended.add(1, ordering: .releasing) }
}
