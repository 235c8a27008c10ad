import GMRCore

/// Finds owners that no lock names: whoever stands inside the code that the others wait for. Each is likely, and none is
/// named where there are two who may be it.
struct OwnersByStack {
    private let threads: [ThreadSnapshot]

    init(_ threads: [ThreadSnapshot]) {
        self.threads = threads
    }

    /// The owner of what a thread waits for; nil where nobody or more than one may be it.
    func owner(for waiter: ThreadSnapshot) -> ThreadSnapshot? {
        let candidates: [ThreadSnapshot] =
            switch waiter.waitsFor?.kind {
            case .once: initializers(for: waiter)
            case .mallocLock: allocators(for: waiter)
            default: []
            }
        return candidates.count == 1 ? candidates[0] : nil
    }

    // MARK: Once tokens

    /// A token is asked for in the function that it belongs to. Who initializes has that function on its stack too, but
    /// does not wait in it.
    private func initializers(for waiter: ThreadSnapshot) -> [ThreadSnapshot] {
        guard let place = Self.callerOfOnce(in: waiter) else { return [] }
        let caller = waiter.frames[place]
        return threads.filter { thread in
            let own = thread.waitsFor?.kind == .once ? Self.callerOfOnce(in: thread) : nil
            return thread.frames.indices.contains { $0 != own && Self.isSame(thread.frames[$0], caller) }
        }
    }

    private static func callerOfOnce(in thread: ThreadSnapshot) -> Int? {
        let frames = thread.frames
        guard let inner = frames.prefix(WaitReader.depth).firstIndex(where: WaitReader.isOnce) else { return nil }
        return frames[inner...].firstIndex { !WaitReader.isOnce($0) && !$0.isInlined }
    }

    private static func isSame(_ frame: Frame, _ other: Frame) -> Bool {
        guard let function = other.function, !frame.isInlined else { return false }
        return frame.function == function && frame.mangled == other.mangled && frame.module == other.module
    }

    // MARK: malloc

    /// As the symbolizer calls it where libc has no symbol for it.
    private static func isSignalTrampoline(_ frame: Frame) -> Bool {
        frame.function == "__restore_rt" || frame.function == "<signal handler called>"
    }

    /// Who is inside malloc and does not wait for it. A thread that waits in a signal handler may have interrupted
    /// itself.
    private func allocators(for waiter: ThreadSnapshot) -> [ThreadSnapshot] {
        threads.filter { thread in
            guard thread.waitsFor?.kind == .mallocLock else { return thread.frames.contains(where: WaitReader.isMalloc) }
            guard thread.tid == waiter.tid,
                let signal = thread.frames.firstIndex(where: Self.isSignalTrampoline)
            else { return false }
            return thread.frames[signal...].contains(where: WaitReader.isMalloc)
        }
    }
}
