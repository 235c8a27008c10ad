import GMRCore

/// From the waits of a capture to who waits for whom.
struct LockAnalysis {
    let locks: Locks
    /// What could not be found out.
    private(set) var gaps: [String] = []

    /// Sets `waitsFor` of the threads, and finds what follows from it. Blocks until the second look where there seems to
    /// be a deadlock, for nothing is called one that has not stood still, and where the kernel has refused a thread a
    /// mutex.
    /// - Parameter nameOfVariable: What the program calls the variable at an address.
    init(
        of process: CapturedProcess, threads: inout [ThreadSnapshot], decoder: CaptureDecoder,
        nameOfVariable: (UInt64) -> String?
    ) {
        let loader = process.modules.first { $0.name.hasPrefix("ld-linux") }
        // Whoever has these numbers now, it is not that process.
        let isRecord = decoder.isRecord
        let reader = WaitReader(
            namesByTID: threads.byTID.mapValues(\.name), loader: loader.map { $0.start..<$0.end },
            otherProcess: { isRecord ? nil : OtherProcess(thread: $0) })
        var calls = isRecord ? nil : CallReader(pid: process.pid)
        for index in threads.indices {
            let thread = process.threads[index]
            if let wait = thread.wait {
                threads[index].waitsFor = reader.wait(of: wait, frames: threads[index].frames)
                threads[index].waitsFor?.name = nameOfVariable(wait.address)
            } else if let call = thread.call {
                threads[index].waitsFor = calls?.wait(of: call)
            } else if thread.snapshot.isCurrent,
                var wait = reader.refusedMutex(
                    decoder.crashedSelves(), captured: thread.frames, frames: threads[index].frames)
            {
                wait.name = wait.address.flatMap(nameOfVariable)
                threads[index].waitsFor = wait
            } else if let lock = thread.firstArgument, threads[index].frames.first?.function == "pthread_spin_lock" {
                threads[index].waitsFor = LockWait(
                    kind: .spinLock, address: lock, name: nameOfVariable(lock), description: "pthread_spinlock")
            }
        }
        let refused = RefusedMutexes(
            threads: &threads, decoder: decoder, reader: reader, nameOfVariable: nameOfVariable)
        gaps += refused.gaps
        Self.addLikelyOwners(to: &threads, of: process, decoder: decoder)
        let graph = WaitGraph(threads)
        let hasCircle = !graph.circles().isEmpty
        let seemsAsleepForEver = graph.onlyASignalCanWakeIt
        var deadlocks: [Locks.Deadlock] = []
        var isAsleepForEver = false
        if hasCircle || seemsAsleepForEver {
            let later = refused.hasAsked ? refused.secondLook : decoder.secondLook()
            isAsleepForEver = seemsAsleepForEver && threads.allSatisfy { later?.unmoved.contains($0.tid) == true }
            if later == nil, hasCircle {
                gaps.append("the process was not looked at twice, so that no deadlock is certain")
            }
            let threads = threads.byTID
            deadlocks = graph.deadlocks(canOthersRun: !isAsleepForEver) { tid in
                guard let later else { return nil }
                // It waits for this report.
                if threads[tid]?.isCurrent == true { return true }
                return later.waits[tid].map { reader.isSame($0, frames: threads[tid]?.frames ?? []) }
                    ?? later.unmoved.contains(tid)
            }
        }
        for circle in deadlocks.indices {
            for edge in deadlocks[circle].edges.indices.prefix(Self.largestCircle) {
                let place = Self.placeOfTaking(deadlocks[circle].edges[edge], in: process, threads, decoder)
                deadlocks[circle].edges[edge].takenIn = place
            }
        }
        locks = Locks(deadlocks: deadlocks, queues: graph.queues(), isAsleepForEver: isAsleepForEver)
    }

    /// Members of a circle whose stacks are searched.
    private static let largestCircle = 64

    /// The function of the owner that knows the lock's address, nearest to where it stands: most likely the one that
    /// took the lock.
    private static func placeOfTaking(
        _ edge: Locks.Edge, in process: CapturedProcess, _ threads: [ThreadSnapshot], _ decoder: CaptureDecoder
    ) -> String? {
        guard let address = edge.address, edge.waiter != edge.owner,
            let index = threads.firstIndex(where: { $0.tid == edge.owner })
        else { return nil }
        return decoder.frames(of: edge.owner, with: address).lazy.compactMap { number in
            let address = process.threads[index].frames[number].address
            return threads[index].frames.last { $0.address == address && $0.file != nil }?.function
        }.first
    }

    /// Of locks that name none.
    private static func addLikelyOwners(
        to threads: inout [ThreadSnapshot], of process: CapturedProcess, decoder: CaptureDecoder
    ) {
        let ownerless = threads.indices.filter { threads[$0].waitsFor?.owner == nil && threads[$0].waitsFor != nil }
        let addresses = ownerless.compactMap { index in
            hasOneHolder(process.threads[index], threads[index]) ? threads[index].waitsFor?.address : nil
        }
        var owners = OwnersByStack(threads, threadsByAddress: decoder.threads(with: Set(addresses)))
        for index in ownerless {
            guard let wait = threads[index].waitsFor else { continue }
            var owner = owners.owner(for: threads[index])
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

    /// Whether one thread has the lock, whose address should then be on its stack.
    private static func hasOneHolder(_ captured: CapturedThread, _ thread: ThreadSnapshot) -> Bool {
        guard let wait = thread.waitsFor else { return false }
        return captured.wait?.readerCount(of: wait) == 1 || wait.description == WaitReader.rustMutex
            || wait.description == WaitReader.pthreadOnce
    }
}
