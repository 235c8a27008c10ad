import GMRCore

/// The priority-inheriting mutexes that the kernel has refused threads, for who had one waited for the thread, or was the
/// thread, or had ended. glibc lets the thread sleep for good then, and which mutex it was stands in a register alone.
struct RefusedMutexes {
    /// Whether the process was asked for a second look.
    let hasAsked: Bool
    /// Nil where nobody asked, or nobody answered.
    let secondLook: SecondLook?
    /// Mutexes that were not found.
    private(set) var gaps: [String] = []

    /// Sets `waitsFor` of such threads. Blocks until the second look where there are any.
    init(
        threads: inout [ThreadSnapshot], decoder: CaptureDecoder, reader: WaitReader,
        nameOfVariable: (UInt64) -> String?
    ) {
        let refused = threads.indices.filter { threads[$0].waitsFor?.isRefused == true }
        hasAsked = !refused.isEmpty
        secondLook = hasAsked ? decoder.secondLook(refused: Set(refused.map { threads[$0].tid })) : nil
        var unknown: Set<Int32> = []
        for index in refused {
            let tid = threads[index].tid
            if let wait = secondLook?.waits[tid], wait.operation == .lockPI {
                threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
                threads[index].waitsFor?.name = nameOfVariable(wait.address)
            } else {
                unknown.insert(tid)
            }
        }
        if let first = unknown.min() {
            let others = unknown.count == 1 ? "" : ", and \(unknown.count - 1) more"
            gaps.append(
                "thread \(first)\(others): the kernel has refused it a priority-inheriting mutex, so that it sleeps for "
                    + "good; which one is not known: it could not be stopped for its registers, or has no owner any more"
            )
        }
        Self.forgetLaterOwners(of: refused, unknown: unknown, in: &threads)
    }

    /// Whoever had a mutex when it was refused waited for who was refused it. A thread that does not has got it since, or
    /// has left the circle: it keeps nobody waiting who sleeps for good.
    /// - Parameter unknown: It is not known for whom these wait.
    private static func forgetLaterOwners(
        of refused: [Int], unknown: Set<Int32>, in threads: inout [ThreadSnapshot]
    ) {
        let graph = WaitGraph(threads)
        let mayFollow = unknown.union(graph.followers(of: unknown))
        for index in refused {
            guard let wait = threads[index].waitsFor, let owner = wait.owner, wait.ownerProcess == nil,
                wait.isOwnerAlive == true
            else { continue }
            let tid = threads[index].tid
            if owner == tid || mayFollow.contains(owner) || graph.followers(of: [tid]).contains(owner) { continue }
            threads[index].waitsFor = LockWait(
                kind: wait.kind, address: wait.address, name: wait.name, description: wait.description, isRefused: true)
        }
    }
}
