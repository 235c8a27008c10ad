import GMRCore

/// From the waits of a capture to who waits for whom.
struct LockAnalysis {
    let locks: Locks
    /// What could not be found out.
    private(set) var gaps: [String] = []

    /// Sets `waitsFor` of the threads, and finds what follows from it. Blocks until the second look where there seems to
    /// be a deadlock: nothing is called one that has not stood still.
    init(of process: CapturedProcess, threads: inout [ThreadSnapshot], decoder: CaptureDecoder) {
        let reader = WaitReader(namesByTID: threads.byTID.mapValues(\.name))
        for index in threads.indices {
            guard let wait = process.threads[index].wait else { continue }
            threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
        }
        let graph = WaitGraph(threads)
        var deadlocks: [Locks.Deadlock] = []
        if !graph.circles().isEmpty {
            let later = decoder.waitsAtSecondLook()
            if later == nil { gaps.append("the process was not looked at twice, so that no deadlock is certain") }
            let threads = threads.byTID
            deadlocks = graph.deadlocks { tid in
                guard let later else { return nil }
                return later[tid].map { reader.isSame($0, frames: threads[tid]?.frames ?? []) } ?? false
            }
        }
        locks = Locks(deadlocks: deadlocks, queues: graph.queues())
    }
}
