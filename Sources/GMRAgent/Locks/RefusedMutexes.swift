import GMRCore

/// The priority-inheriting mutexes that the kernel has refused threads, for who had one waited for the thread, or was the
/// thread, or had ended. glibc lets the thread sleep for good then, and which mutex it was stands in a register alone.
struct RefusedMutexes {
    /// For which the threads were stopped; nil where none has been refused one, or nobody answered.
    let secondLook: SecondLook?
    /// Mutexes that were not found.
    private(set) var gaps: [String] = []

    /// Sets `waitsFor` of such threads. Blocks until the second look where there are any.
    init(
        of process: CapturedProcess, threads: inout [ThreadSnapshot], decoder: CaptureDecoder, reader: WaitReader,
        nameOfVariable: (UInt64) -> String?
    ) {
        let refused = threads.indices.filter {
            process.threads[$0].wait?.isParked == true && threads[$0].waitsFor?.kind == .mutex
        }
        secondLook = refused.isEmpty ? nil : decoder.secondLook(refused: Set(refused.map { threads[$0].tid }))
        var unknown: [Int32] = []
        for index in refused {
            let tid = threads[index].tid
            if let wait = secondLook?.waits[tid], wait.operation == .lockPI {
                threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
                threads[index].waitsFor?.name = nameOfVariable(wait.address)
            } else {
                unknown.append(tid)
            }
        }
        if let first = unknown.first {
            let others = unknown.count == 1 ? "" : ", and \(unknown.count - 1) more"
            gaps.append(
                "thread \(first)\(others): the kernel has refused it a priority-inheriting mutex, so that it sleeps for "
                    + "good; which one could not be read")
        }
        Self.forgetLaterOwners(of: refused, in: &threads)
    }

    /// Whoever had a mutex when it was refused still waits for who was refused it. Somebody else has got it since, and
    /// stands in nobody's way.
    private static func forgetLaterOwners(of refused: [Int], in threads: inout [ThreadSnapshot]) {
        let graph = WaitGraph(threads)
        for index in refused {
            let tid = threads[index].tid
            guard let wait = threads[index].waitsFor, let owner = wait.owner, wait.isOwnerAlive == true, owner != tid,
                !graph.followers(of: [tid]).contains(owner)
            else { continue }
            threads[index].waitsFor = LockWait(
                kind: wait.kind, address: wait.address, name: wait.name, description: wait.description)
        }
    }
}
