import GMRCore

/// Finds owners that no lock names: whoever stands inside the code that the others wait for. Each is likely, and none
/// is named where there are two who may be it.
struct OwnersByStack {
    /// A function as one can be told from another.
    private struct Function: Hashable {
        var name: String
        var module: String?
    }

    private let threads: [ThreadSnapshot]
    private let threadsByAddress: [UInt64: Set<Int32>]
    /// A thousand threads may wait for the same thing.
    private var initializers: [Function: [ThreadSnapshot]] = [:]
    private lazy var allocators = threads.filter {
        $0.waitsFor?.kind != .mallocLock && $0.frames.contains(where: WaitReader.isMalloc)
    }

    /// - Parameter threadsByAddress: Of locks that one thread has, who has the address on the stack.
    init(_ threads: [ThreadSnapshot], threadsByAddress: [UInt64: Set<Int32>] = [:]) {
        self.threads = threads
        self.threadsByAddress = threadsByAddress
    }

    /// Who has the lock's address on the stack and does not wait for it.
    private func whoHas(_ wait: LockWait) -> [ThreadSnapshot] {
        guard let address = wait.address, let tids = threadsByAddress[address] else { return [] }
        return threads.filter { tids.contains($0.tid) && $0.waitsFor?.address != address }
    }

    /// The owner of what a thread waits for; nil where nobody or more than one may be it.
    mutating func owner(for waiter: ThreadSnapshot) -> ThreadSnapshot? {
        guard let wait = waiter.waitsFor else { return nil }
        var candidates: [ThreadSnapshot]
        switch wait.kind {
        case .once: candidates = whoInitializes(wait, for: waiter)
        case .mallocLock: candidates = allocators + (Self.hasInterruptedItself(waiter) ? [waiter] : [])
        default:
            guard let address = wait.address, threadsByAddress[address] != nil else { return nil }
            // In a process of one thread it has the lock itself.
            candidates = threads.count == 1 && !wait.isProcessShared ? threads : whoHas(wait)
        }
        return candidates.count == 1 ? candidates[0] : nil
    }

    // MARK: Once tokens

    /// By the token where that is on the stack, as pthread_once has it; else by the function.
    private mutating func whoInitializes(_ wait: LockWait, for waiter: ThreadSnapshot) -> [ThreadSnapshot] {
        let inside = whoHas(wait).filter { $0.frames.contains(where: WaitReader.isOnce) }
        if !inside.isEmpty { return inside }
        let found = whoIsInTheSameFunction(as: waiter)
        let others = found.filter { $0.tid != waiter.tid && wait.description != WaitReader.pthreadOnce }
        // Only who finds nobody else has begun it itself.
        return others.isEmpty ? found.filter { $0.tid == waiter.tid } : others
    }

    /// A token is asked for in the function that it belongs to. Who initializes has that function on its stack too, but
    /// does not wait in it.
    private mutating func whoIsInTheSameFunction(as waiter: ThreadSnapshot) -> [ThreadSnapshot] {
        guard let place = Self.callerOfOnce(in: waiter), let function = Self.function(of: waiter.frames[place]) else {
            return []
        }
        if let known = initializers[function] { return known }
        let found = threads.filter { thread in
            let own = thread.waitsFor?.kind == .once ? Self.callerOfOnce(in: thread) : nil
            return thread.frames.indices.contains {
                $0 != own && !thread.frames[$0].isInlined && Self.function(of: thread.frames[$0]) == function
            }
        }
        initializers[function] = found
        return found
    }

    private static func callerOfOnce(in thread: ThreadSnapshot) -> Int? {
        let frames = thread.frames
        guard let inner = frames.prefix(WaitReader.depth).firstIndex(where: WaitReader.isOnce) else { return nil }
        return frames[inner...].firstIndex { !WaitReader.isOnce($0) && !$0.isInlined }
    }

    private static func function(of frame: Frame) -> Function? {
        (frame.mangled ?? frame.function).map { Function(name: $0, module: frame.module) }
    }

    // MARK: malloc

    /// It waits in a signal handler that came while it was inside malloc.
    private static func hasInterruptedItself(_ thread: ThreadSnapshot) -> Bool {
        guard let signal = thread.frames.firstIndex(where: isSignalTrampoline) else { return false }
        return thread.frames[signal...].contains(where: WaitReader.isMalloc)
    }

    /// As the symbolizer calls it where libc has no symbol for it.
    private static func isSignalTrampoline(_ frame: Frame) -> Bool {
        frame.function == "__restore_rt" || frame.function == "<signal handler called>"
    }
}
