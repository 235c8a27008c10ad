extension Verdict {
    /// Fewer that wait for one lock are daily business.
    private static let smallestConvoy = 3

    /// What a crash and the waits of all threads come to.
    public init(crash: Crash? = nil, locks: Locks, threads: [ThreadSnapshot]) {
        self.init(locks: locks, threads: threads)
        guard let crash else { return }
        let words = ThreadWords(threads).sentences(about: crash)
        let end = words.hasSuffix(".") ? " " : ". "  // what a program said has no full stop
        summary = locks.deadlocks.isEmpty ? words : words + end + summary
        self.threads = [crash.thread] + (locks.deadlocks.isEmpty ? [] : self.threads)
        kind = .crash
    }

    private init(locks: Locks, threads: [ThreadSnapshot]) {
        let words = ThreadWords(threads)
        let graph = WaitGraph(threads)
        if !locks.deadlocks.isEmpty {
            let members = Set(locks.deadlocks.flatMap(\.threads))
            let behind = graph.followers(of: members).count
            var sentences = locks.deadlocks.map(words.sentence)
            if behind > 0 {
                sentences.append("\(behind) more \(behind == 1 ? "thread waits" : "threads wait") behind them.")
            }
            if locks.isAsleepForEver { sentences.append("No other thread can run: only a signal can wake one.") }
            self.init(kind: .deadlock, summary: sentences.joined(separator: " "), threads: members.sorted())
        } else if let queue = locks.queues.first(where: { $0.owner != nil && $0.waiters.count >= Self.smallestConvoy }),
            let root = graph.root(of: queue)
        {
            self.init(
                kind: .lockConvoy, summary: words.sentence(about: queue, root: root), threads: [root] + queue.waiters)
        } else if locks.isAsleepForEver {
            let count = threads.count == 1 ? "The only thread sleeps" : "All \(threads.count) threads sleep"
            self.init(
                summary: "\(count) in waits that another thread has to end, and none can: only a signal can wake one. "
                    + "No circle was found: see what each of them waits for.", threads: threads.map(\.tid))
        } else {
            let busy = threads.filter { ($0.cpuPercent ?? 0) >= Self.busyPercent }
            self.init()
            guard let first = busy.first else { return }
            let others = busy.count == 1 ? "" : " and \(busy.count - 1) more"
            summary += " Thread \(words.name(first.tid))\(others) used a processor without a pause."
            self.threads = busy.map(\.tid)
        }
    }

    /// Of a processor's time between the capture and the end of symbolizing.
    private static let busyPercent = 90
}

/// Sentences about threads.
struct ThreadWords {
    private let threads: [Int32: ThreadSnapshot]

    init(_ threads: [ThreadSnapshot]) {
        self.threads = threads.byTID
    }

    func thread(_ tid: Int32) -> ThreadSnapshot? { threads[tid] }

    /// `4712 "alpha"`
    func name(_ tid: Int32) -> String { "\(tid)" + (threads[tid]?.name.map { " \"\($0)\"" } ?? "") }

    /// `DEADLOCK: thread 4712 "alpha" waits for the mutex 0x… held by 4713 "beta"; 4713 "beta" waits for … .`
    func sentence(_ deadlock: Locks.Deadlock) -> String {
        let parts = deadlock.edges.enumerated().map { index, edge in
            (index == 0 ? "thread " : "") + name(edge.waiter) + " waits for " + goal(of: edge)
        }
        let opening =
            switch (deadlock.certainty, deadlock.isTimed) {
            case (.certain, _): "DEADLOCK: "
            case (_, true): "Deadlock for as long as nobody's time is over: "
            default: "Most likely a deadlock: "
            }
        return opening + parts.joined(separator: "; ") + "."
    }

    private func goal(of edge: Locks.Edge) -> String {
        let lock = threads[edge.waiter]?.waitsFor?.subject ?? "the \(edge.kind.words)"
        if edge.waiter == edge.owner { return "\(lock), which it holds itself" }
        return edge.kind == .join ? "the end of \(name(edge.owner))" : "\(lock) held by \(name(edge.owner))"
    }

    /// `CRASH: SIGSEGV (SEGV_MAPERR: nothing is mapped there) at address 0x10 in thread 4712 "alpha", in submit(_:)
    /// at Orders.swift:12.`
    func sentences(about crash: Crash) -> String {
        let meaning = SignalCode.meaning(ofName: crash.code).map { ": \($0)" } ?? ""
        var text = "CRASH: \(crash.signal) (\(crash.code)\(meaning))"
        if let address = crash.address { text += " at address \(address.hexadecimal)" }
        text += " in thread \(name(crash.thread))"
        if let frame = threads[crash.thread]?.frames.first(where: \.hasLine) { text += ", in \(frame.place)" }
        text += "."
        if crash.isStackOverflow { text += " The stack of the thread is used up: most likely an endless recursion." }
        if let message = crash.messageInOneLine { text += " It said: \(message)" }
        return text
    }

    /// `mutex 0x…`
    func lock(of queue: Locks.Queue) -> String {
        let subject = queue.waiters.first.flatMap { threads[$0]?.waitsFor?.subject }
        return subject ?? "the \(queue.kind.words)"
    }

    /// `31 threads wait for the mutex 0x… held by 4713 "slow", which is sleeping in read.`
    func sentence(about queue: Locks.Queue, root: Int32) -> String {
        var text = "\(queue.waiters.count) threads wait for \(lock(of: queue))"
        if let owner = queue.owner { text += " held by \(name(owner))" }
        if root != queue.owner { text += ", behind \(name(root))" }
        if let thread = threads[root] {
            let activity = TextRenderer.activity(of: thread)
            if !activity.isEmpty { text += ", which is" + activity }
        }
        return text + "."
    }
}

extension LockWait.Kind {
    /// As a sentence calls it.
    var words: String {
        switch self {
        case .swiftMutex: "Swift Mutex"
        case .dispatchQueue: "dispatch queue"
        case .dispatchSemaphore: "dispatch semaphore"
        case .dispatchGroup: "dispatch group"
        case .loaderLock: "loader lock"
        case .mallocLock: "malloc lock"
        case .fileLock: "file lock"
        case .condition: "condition variable"
        case .once: "once token"
        case .fd: "descriptor"
        case .spinLock: "spin lock"
        default: rawValue
        }
    }
}

extension LockWait {
    /// `the mutex 0x…`, `the mutex ledger at 0x…`, `the DispatchQueue "ledger"`
    var subject: String {
        if kind == .dispatchQueue, description.contains("\"") { return "the \(description)" }
        let what = kind == .fileLock || kind == .once ? description : kind.words
        let place = address.map { " " + (name == nil ? "" : "at ") + $0.hexadecimal } ?? ""
        return "the \(what)" + (name.map { " \($0)" } ?? "") + place
    }

    /// `waiting for the mutex 0x… held by 4713 "beta"`
    var words: String {
        var text: String
        switch kind {
        case .fd: return "on \(description)"
        case .process: text = "waiting for the end of \(description)"
        case .join where owner != nil: text = "waiting for the end of \(owner!)"
        case .spinLock: text = "spinning for \(subject)"
        default:
            text = "waiting for \(subject)"
            if let ownerProcess {
                text += " held by process \(ownerProcess)"
            } else if let owner {
                text += " held by \(owner)"
            }
        }
        if let ownerName { text += " \"\(ownerName)\"" }
        if certainty == .likely, owner != nil { text += ", as it seems" }
        if isOwnerAlive == false { text += ", which has ended" }
        if isTimed { text += ", for a limited time" }
        if isRefused { text += ", in vain: the kernel has refused it" }
        return text
    }
}
