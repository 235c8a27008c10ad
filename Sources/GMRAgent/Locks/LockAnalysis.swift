import GMRCore

/// From the waits of a capture to who waits for whom.
struct LockAnalysis {
    let locks: Locks
    /// What could not be found out.
    private(set) var gaps: [String] = []

    /// Sets `waitsFor` of the threads, and finds what follows from it. Blocks until the second look where there seems to
    /// be a deadlock: nothing is called one that has not stood still.
    init(of process: CapturedProcess, threads: inout [ThreadSnapshot], decoder: CaptureDecoder) {
        let loader = process.modules.first { $0.name.hasPrefix("ld-linux") }
        let reader = WaitReader(
            namesByTID: threads.byTID.mapValues(\.name), loader: loader.map { $0.start..<$0.end },
            otherProcess: { OtherProcess(thread: $0) })
        var calls = CallReader(pid: process.pid)
        for index in threads.indices {
            let thread = process.threads[index]
            if let wait = thread.wait {
                threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
            } else if let call = thread.call {
                threads[index].waitsFor = calls.wait(of: call)
            } else if let lock = thread.firstArgument, threads[index].frames.first?.function == "pthread_spin_lock" {
                threads[index].waitsFor = LockWait(kind: .spinLock, address: lock, description: "pthread_spinlock")
            }
        }
        Self.addLikelyOwners(to: &threads, of: process, decoder: decoder)
        let graph = WaitGraph(threads)
        var deadlocks: [Locks.Deadlock] = []
        if !graph.circles().isEmpty {
            let later = decoder.secondLook()
            if later == nil { gaps.append("the process was not looked at twice, so that no deadlock is certain") }
            let threads = threads.byTID
            deadlocks = graph.deadlocks { tid in
                guard let later else { return nil }
                return later.waits[tid].map { reader.isSame($0, frames: threads[tid]?.frames ?? []) }
                    ?? later.unmoved.contains(tid)
            }
        }
        locks = Locks(deadlocks: deadlocks, queues: graph.queues())
    }

    /// Of locks that name none.
    private static func addLikelyOwners(
        to threads: inout [ThreadSnapshot], of process: CapturedProcess, decoder: CaptureDecoder
    ) {
        let owners = OwnersByStack(threads)
        for index in threads.indices {
            guard let wait = threads[index].waitsFor, wait.owner == nil else { continue }
            var owner = owners.owner(for: threads[index])
            if process.threads[index].wait?.readerCount(of: wait) == 1 {
                owner = reader(of: wait, among: threads, decoder: decoder)
            }
            // A file that this process has locked, and nobody else is there to unlock it.
            if wait.kind == .fileLock, wait.ownerProcess == process.pid, threads.count == 1 { owner = threads[index] }
            guard let owner else { continue }
            threads[index].waitsFor?.owner = owner.tid
            threads[index].waitsFor?.ownerName = owner.name
            threads[index].waitsFor?.ownerProcess = nil
            threads[index].waitsFor?.isOwnerAlive = true
            threads[index].waitsFor?.certainty = .likely
        }
    }

    /// The only reader of a read-write lock: who has its address on the stack and does not wait for it; in a process of
    /// one thread, that one.
    private static func reader(
        of wait: LockWait, among threads: [ThreadSnapshot], decoder: CaptureDecoder
    ) -> ThreadSnapshot? {
        guard let address = wait.address else { return nil }
        if threads.count == 1 { return threads[0] }
        let candidates = threads.filter {
            !($0.waitsFor?.kind == .rwlock && $0.waitsFor?.address == address)
                && decoder.stack(of: $0.tid, has: address)
        }
        return candidates.count == 1 ? candidates[0] : nil
    }
}
