import GMRCore

/// From the waits of a capture to who waits for whom.
enum LockAnalysis {
    /// Sets `waitsFor` of the threads, and finds what follows from it. Blocks until the second look where there seems to
    /// be a deadlock: nothing is called one that has not stood still.
    static func analyze(
        _ process: CapturedProcess, threads: inout [ThreadSnapshot], decoder: CaptureDecoder
    ) -> Locks {
        let reader = WaitReader(
            namesByTID: Dictionary(threads.map { ($0.tid, $0.name) }) { first, _ in first })
        for index in threads.indices {
            guard let wait = process.threads[index].wait else { continue }
            threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
        }
        let graph = WaitGraph(threads)
        var deadlocks: [Locks.Deadlock] = []
        if !graph.circles().isEmpty {
            let later = decoder.waitsAtSecondLook()
            let frames = Dictionary(threads.map { ($0.tid, $0.frames) }) { first, _ in first }
            deadlocks = graph.deadlocks { tid in
                guard let wait = later[tid] else { return nil }
                return reader.isSame(wait, frames: frames[tid] ?? [])
            }
        }
        return Locks(deadlocks: deadlocks, queues: graph.queues())
    }
}
