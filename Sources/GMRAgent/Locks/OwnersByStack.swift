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
    /// A thousand threads may wait for the same thing.
    private var initializers: [Function: [ThreadSnapshot]] = [:]
    private lazy var allocators = threads.filter {
        $0.waitsFor?.kind != .mallocLock && $0.frames.contains(where: WaitReader.isMalloc)
    }

    init(_ threads: [ThreadSnapshot]) {
        self.threads = threads
    }

    /// The owner of what a thread waits for; nil where nobody or more than one may be it.
    mutating func owner(for waiter: ThreadSnapshot) -> ThreadSnapshot? {
        var candidates: [ThreadSnapshot] = []
        switch waiter.waitsFor?.kind {
        case .once: candidates = whoInitializes(for: waiter)
        case .mallocLock: candidates = allocators + (Self.hasInterruptedItself(waiter) ? [waiter] : [])
        default: break
        }
        return candidates.count == 1 ? candidates[0] : nil
    }

    // MARK: Once tokens

    /// A token is asked for in the function that it belongs to. Who initializes has that function on its stack too, but
    /// does not wait in it.
    private mutating func whoInitializes(for waiter: ThreadSnapshot) -> [ThreadSnapshot] {
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
