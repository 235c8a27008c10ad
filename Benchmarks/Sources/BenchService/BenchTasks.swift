import Synchronization

/// Tasks that nobody will ever resume.
enum BenchTasks {
    private static let suspended = Atomic(0)

    /// Returns when all of them are suspended.
    static func start(_ count: Int) async {
        for _ in 0..<count { Task { await outer() } }
        while suspended.load(ordering: .acquiring) < count { await Task.yield() }
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
