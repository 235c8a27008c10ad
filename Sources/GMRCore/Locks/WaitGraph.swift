/// Finds circles and queues in what threads wait for. Pure: the same threads give the same answer.
///
/// Each thread waits for one owner at most, so every path ends outside, or in exactly one circle.
public struct WaitGraph {
    private let threads: [Int32: ThreadSnapshot]
    private let tids: [Int32]

    public init(_ threads: [ThreadSnapshot]) {
        self.threads = threads.byTID
        tids = self.threads.keys.sorted()
    }

    /// The wait of a thread for another of these threads.
    private func next(after tid: Int32) -> (owner: Int32, wait: LockWait)? {
        guard let wait = threads[tid]?.waitsFor, let owner = wait.owner(among: threads) else { return nil }
        return (owner, wait)
    }

    // MARK: Circles

    /// Every circle once, without those who only wait behind it.
    public func circles() -> [[Int32]] { Circles.all(from: tids) { next(after: $0)?.owner } }

    /// - Parameters:
    ///   - canOthersRun: Whether a thread of the process may still run: it could cancel one that joins.
    ///   - isUnmoved: What a second look said of a thread and its lock; nil where there was none.
    /// - Returns: What is still so at the second look.
    public func deadlocks(canOthersRun: Bool = false, isUnmoved: (Int32) -> Bool?) -> [Locks.Deadlock] {
        circles().compactMap { circle in
            let looks = circle.map(isUnmoved)
            if looks.contains(false) { return nil }
            let waits = circle.compactMap { next(after: $0) }
            let isTimed = waits.contains { $0.wait.isTimed }
            // One that waits for itself may have been given the lock by another, as one gives a token.
            let isCertain =
                circle.count > 1 && !isTimed && !looks.contains(nil)
                && waits.allSatisfy { $0.wait.certainty == .certain && !(canOthersRun && $0.wait.kind == .join) }
            return Locks.Deadlock(
                certainty: isCertain ? .certain : .likely, isTimed: isTimed,
                edges: zip(circle, waits).map { waiter, next in
                    Locks.Edge(waiter: waiter, owner: next.owner, kind: next.wait.kind, address: next.wait.address)
                })
        }
    }

    // MARK: Queues

    private struct Lock: Hashable {
        var kind: LockWait.Kind
        var address: UInt64
    }

    /// Of locks that have an owner, and of those that several wait for.
    public func queues() -> [Locks.Queue] {
        var waiters: [Lock: [Int32]] = [:]
        for tid in tids {
            guard let wait = threads[tid]?.waitsFor, let address = wait.address else { continue }
            // Whoever has it now does not keep this one waiting.
            if wait.isRefused, wait.owner == nil { continue }
            waiters[Lock(kind: wait.kind, address: address), default: []].append(tid)
        }
        let queues = waiters.compactMap { lock, tids -> Locks.Queue? in
            let owner = tids.lazy.compactMap { threads[$0]?.waitsFor?.owner }.first
            guard owner != nil || tids.count > 1 else { return nil }
            return Locks.Queue(kind: lock.kind, address: lock.address, owner: owner, waiters: tids)
        }
        return queues.sorted { ($1.waiters.count, $0.address ?? 0) < ($0.waiters.count, $1.address ?? 0) }
    }

    // MARK: Who is behind it

    /// Every thread sleeps without a time limit in a wait that only another thread of the process could end, or in one
    /// for a signal.
    public var onlyASignalCanWakeIt: Bool {
        threads.values.allSatisfy { thread in
            guard thread.capture != .none, thread.state == .sleeping else { return false }
            if let syscall = thread.syscall, Self.waitsForSignals.contains(syscall) { return true }
            guard let wait = thread.waitsFor, !wait.isTimed, !wait.isProcessShared, wait.ownerProcess == nil else {
                return false
            }
            return Self.endedByThreads.contains(wait.kind) && (wait.kind != .fileLock || wait.address != nil)
        } && threads.values.contains { $0.waitsFor != nil }
    }

    private static let waitsForSignals: Set<String> = ["pause", "rt_sigsuspend"]
    private static let endedByThreads: Set<LockWait.Kind> = [
        .mutex, .rwlock, .condition, .semaphore, .join, .once, .barrier, .swiftMutex, .dispatchQueue,
        .dispatchSemaphore, .dispatchGroup, .loaderLock, .mallocLock, .fileLock,
    ]

    /// All that wait, directly or not, for one of these.
    public func followers(of members: Set<Int32>) -> [Int32] {
        tids.filter { tid in
            guard !members.contains(tid) else { return false }
            var seen: Set<Int32> = [tid]
            var current = tid
            while let owner = next(after: current)?.owner, seen.insert(owner).inserted {
                if members.contains(owner) { return true }
                current = owner
            }
            return false
        }
    }

    /// Who keeps a queue waiting in the end: the owner, or whom that one waits for.
    func root(of queue: Locks.Queue) -> Int32? {
        guard var current = queue.owner, threads[current] != nil else { return nil }
        var seen: Set<Int32> = [current]
        while let owner = next(after: current)?.owner, seen.insert(owner).inserted { current = owner }
        return current
    }
}
