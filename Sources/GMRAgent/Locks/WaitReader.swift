import GMRCore

/// Says what a futex is part of: by the functions on the stack, and by whether the memory there looks like it.
///
/// The layouts are glibc's for x86-64 (`struct __pthread_mutex_s`, `struct __pthread_rwlock_arch_t`,
/// `struct __pthread_cond_s`, unchanged from 2.26 to 2.41), and that of Swift's `Mutex` on Linux, whose one word has the
/// owner as FUTEX_LOCK_PI wants it.
struct WaitReader {
    /// The threads there are, so that an owner is one of them, or said to be gone.
    let namesByTID: [Int32: String?]
    /// Of the dynamic loader.
    var loader: Range<UInt64>?
    /// Whose thread a number is that is none of these.
    var otherProcess: @Sendable (Int32) -> OtherProcess? = { _ in nil }

    /// FUTEX_TID_MASK, which libdispatch's locks keep to as well.
    static let ownerMask: UInt32 = 0x3FFF_FFFF
    /// PID_MAX_LIMIT.
    private static let largestTID: Int32 = 1 << 22
    /// How far from the innermost frame a function that waits is looked for.
    static let depth = 12

    func wait(of captured: CapturedWait, frames: [Frame]) -> LockWait {
        var wait =
            captured.queue.map(queue) ?? file(captured) ?? known(captured, frames: frames.prefix(Self.depth))
            ?? byLayout(captured) ?? ownerless(.futex, at: captured.address, "futex")
        wait.isTimed = captured.isTimed
        // The kernel wakes who joins, by a call that is never private.
        wait.isProcessShared = captured.isShared && wait.kind != .join
        return wait
    }

    /// Whether the thread has not moved between the two looks, and the lock has the same owner at both.
    func isSame(_ captured: CapturedWait, frames: [Frame]) -> Bool {
        guard let again = captured.memoryAgain else { return false }
        var later = captured
        later.memory = again
        later.queue = captured.queueAgain
        return wait(of: captured, frames: frames) == wait(of: later, frames: frames)
    }

    /// `pthread_mutex_lock` for `__pthread_mutex_lock@GLIBC_2.2.5` and `__GI___pthread_mutex_lock`.
    private static func plainName(_ frame: Frame) -> Substring? {
        guard let name = frame.mangled ?? frame.function else { return nil }
        let plain = name.prefix { $0 != "@" && $0 != "(" }.drop { $0 == "_" }
        return plain.hasPrefix("GI__") ? plain.dropFirst(2).drop { $0 == "_" } : plain
    }

    // MARK: By function

    /// Inside the C library's allocator.
    static func isMalloc(_ frame: Frame) -> Bool {
        guard let name = plainName(frame), allocators.contains(name) else { return false }
        return frame.module?.hasPrefix("libc.so") ?? true
    }

    private static let allocators: Set<Substring> = [
        "malloc", "free", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc", "libc_malloc",
        "libc_free", "libc_calloc", "libc_realloc", "libc_memalign", "int_malloc", "int_free", "int_realloc",
        "int_memalign", "sysmalloc", "systrim", "malloc_consolidate", "malloc_trim", "arena_get2", "arena_get_retry",
        "tcache_init", "ptmalloc_init", "mallinfo", "mallinfo2",
    ]

    /// Waits until somebody else has initialized something, or calls what does.
    static func isOnce(_ frame: Frame) -> Bool {
        guard let name = plainName(frame) else { return false }
        return name.hasPrefix("pthread_once") || name == "cxa_guard_acquire" || name.hasPrefix("swift_once")
            || name.contains("once_slow")
            // `void std::call_once<main::{lambda()#1}>(std::once_flag&, …)`
            || (frame.function.map { $0.contains("std::call_once<") || $0.hasPrefix("__gthread_once") } ?? false)
    }

    private func known(_ captured: CapturedWait, frames: ArraySlice<Frame>) -> LockWait? {
        // A thousand threads may wait for one lock, and mostly one of the first names says it.
        let functions = frames.lazy.compactMap(Self.plainName)
        if captured.operation == .wait, captured.value == 2,
            frames.first(where: { !Self.isLowLevel($0) }).map(Self.isMalloc) == true
        {
            return ownerless(.mallocLock, at: captured.address, "malloc arena")
        }
        for function in functions {
            if function.hasPrefix("pthread_mutex_") {
                return captured.isParked ? refused(captured, frames) : mutex(captured)
            }
            if function.hasPrefix("pthread_cond_") { return condition(captured) }
            if function.hasPrefix("pthread_rwlock_") {
                return rwlock(captured, mode: function.contains("wrlock") ? .write : .read)
            }
            if function.hasPrefix("sem_") || function.hasPrefix("new_sem_") {
                // libdispatch has its own made of one.
                let isOfDispatch = functions.contains { $0.hasPrefix("dispatch_sema") }
                return isOfDispatch
                    ? ownerless(.dispatchSemaphore, at: captured.address, "DispatchSemaphore")
                    : ownerless(.semaphore, at: captured.address, "sem_t")
            }
            if function.hasPrefix("dispatch_group_wait") {
                return ownerless(.dispatchGroup, at: captured.address, "DispatchGroup")
            }
            if function.hasPrefix("pthread_barrier_wait") {
                return ownerless(.barrier, at: captured.address &- 4, "pthread_barrier")
            }
            if function.hasPrefix("pthread_once") { return ownerless(.once, at: captured.address, Self.pthreadOnce) }
            if function == "cxa_guard_acquire" {
                return ownerless(.once, at: captured.address, "C++ static initialization")
            }
            if function.hasPrefix("swift_once") || function.contains("once_slow") { return swiftOnce(captured) }
            if function.contains("atomic_wait") || function.contains("platform_wait") {
                return ownerless(.futex, at: captured.address, "std::atomic::wait")
            }
            if let wait = rust(captured, function: function) { return wait }
            if Self.joins.contains(where: function.hasPrefix) { return join(captured) }
            if captured.operation == .lockPI, function.contains("MutexHandle") { return swiftMutex(captured) }
        }
        return nil
    }

    /// std::sync of Rust: one word, without an owner. Names are mangled, in the old way or the new one.
    private func rust(_ captured: CapturedWait, function: Substring) -> LockWait? {
        guard function.contains("futex") else { return nil }
        let kind: LockWait.Kind = function.contains("RwLock") ? .rwlock : .mutex
        var wait = ownerless(kind, at: captured.address, kind == .mutex ? Self.rustMutex : "Rust RwLock")
        switch true {
        case kind == .mutex: return function.contains("lock_contended") ? wait : nil
        case function.contains("read_contended"): wait.mode = .read
        case function.contains("write_contended"): wait.mode = .write
        default: return nil
        }
        return wait
    }

    /// A guard of it is its address, on the stack of whoever has it.
    static let rustMutex = "Rust Mutex"
    /// Whoever initializes has the token's address on its stack, to take the token back where it is cancelled.
    static let pthreadOnce = "pthread_once"

    private static let joins = ["pthread_join", "pthread_clockjoin", "pthread_timedjoin"]

    /// Without names, on a stripped C library: what can be nothing else.
    private func byLayout(_ captured: CapturedWait) -> LockWait? {
        switch captured.operation {
        case .wait where captured.value == 2: isMutex(captured) ? mutex(captured) : nil
        case .lockPI: isMutex(captured) ? mutex(captured) : swiftMutex(captured)
        default: nil
        }
    }

    /// What waits on behalf of a lock, whichever it is.
    private static func isLowLevel(_ frame: Frame) -> Bool {
        guard let name = plainName(frame) else { return false }
        return name.hasPrefix("lll_lock_wait") || name.hasPrefix("futex")
    }

    private func ownerless(_ kind: LockWait.Kind, at address: UInt64, _ description: String) -> LockWait {
        LockWait(kind: kind, address: address, description: description)
    }

    // MARK: Mutexes

    /// Offsets: lock 0, owner 8, nusers 12, kind 16.
    private func isMutex(_ captured: CapturedWait) -> Bool {
        let base = captured.address
        guard let owner = captured.memory[base + 8], let users = captured.memory[base + 12],
            let kind = captured.memory[base + 16]
        else { return false }
        return kind < 1024 && owner != 0 && owner <= Self.ownerMask && users > 0 && users < 1 << 22
    }

    private func mutex(_ captured: CapturedWait) -> LockWait? {
        let base = captured.address
        guard let word = captured.memory[base], let owner = captured.memory[base + 8],
            let kind = captured.memory[base + 16]
        else { return nil }
        let description = "pthread_mutex (\(Self.description(ofMutexKind: kind)))"
        // A robust or priority-inheriting mutex has its owner in the futex itself.
        let number = captured.operation == .lockPI || kind & 16 != 0 ? word & Self.ownerMask : owner
        // _dl_load_lock and its like, in the loader's own data.
        let isLoaders = loader?.contains(base) ?? false
        return held(
            LockWait(
                kind: isLoaders ? .loaderLock : .mutex, address: base,
                description: isLoaders ? "loader lock" : description),
            by: number, isShared: kind & 128 != 0 && (kind & 16 == 0 || namesByTID[Int32(bitPattern: number)] == nil))
    }

    /// When it was refused, the owner was the thread itself, or waited for it, or had ended.
    private func refused(_ captured: CapturedWait, _ frames: ArraySlice<Frame>) -> LockWait? {
        // Others who sleep on their own stacks are woken.
        let asks = frames.first { Self.plainName($0)?.hasPrefix("pthread_mutex_") == true }
        guard asks?.module.map({ $0.hasPrefix("libc.") || $0.hasPrefix("libc-") || $0.hasPrefix("libpthread") }) ?? true
        else { return nil }
        let unknown = LockWait(kind: .mutex, description: "pthread_mutex (priority-inheriting)")
        var wait = (captured.operation == .lockPI ? mutex(captured) : nil) ?? unknown
        wait.isRefused = true
        if wait.certainty == .certain { wait.certainty = .likely }
        return wait
    }

    private static func description(ofMutexKind kind: UInt32) -> String {
        var words = [["normal", "recursive", "errorcheck", "adaptive"][Int(kind & 3)]]
        if kind & 16 != 0 { words.append("robust") }
        if kind & 32 != 0 { words.append("priority-inheriting") }
        if kind & 64 != 0 { words.append("priority-protecting") }
        // Robust mutexes have that bit too, whoever shares them.
        if kind & 128 != 0, kind & 16 == 0 { words.append("process-shared") }
        return words.joined(separator: ", ")
    }

    private func swiftMutex(_ captured: CapturedWait) -> LockWait? {
        captured.memory[captured.address].map { swiftMutex(at: captured.address, word: $0) }
    }

    private func swiftMutex(at address: UInt64, word: UInt32) -> LockWait {
        let wait = LockWait(kind: .swiftMutex, address: address, description: "Swift Mutex")
        return held(wait, by: word & Self.ownerMask, isShared: false)
    }

    /// The lock that the kernel refused a thread, because it would wait for itself, which Swift ends the process for.
    /// - Parameter selves: Of the first of its captured frames, what a method there has for `self`.
    func refusedMutex(
        _ selves: [(address: UInt64, word: UInt32?)], captured: [CapturedFrame], frames: [Frame]
    ) -> LockWait? {
        // Not tryLockSlow, and not unlockSlow.
        let asks = frames.prefix(Self.depth).first { frame in
            Self.plainName(frame).map { $0.contains("MutexHandle") && $0.contains("_lockSlow") } ?? false
        }
        guard let asks, let place = captured.firstIndex(where: { $0.address == asks.address }),
            selves.indices.contains(place), let word = selves[place].word
        else { return nil }
        return swiftMutex(at: selves[place].address, word: word)
    }

    private func held(_ wait: LockWait, by number: UInt32, isShared: Bool) -> LockWait {
        var wait = wait
        guard let owner = Int32(exactly: number), owner > 0, owner <= Self.largestTID else { return wait }
        wait.owner = owner
        wait.certainty = .certain
        if let name = namesByTID[owner] {
            wait.ownerName = name
            wait.isOwnerAlive = true
            // In another container the same number is another thread.
            if isShared { wait.certainty = .likely }
            return wait
        }
        let other = otherProcess(owner)
        wait.isOwnerAlive = isShared && other != nil
        wait.ownerProcess = other?.pid
        wait.ownerName = other?.name
        if isShared {
            // Numbers of another process are used anew.
            wait.certainty = .likely
        } else if other != nil {
            wait.description += ", copied by fork() from a process that had it locked"
        }
        return wait
    }

    /// `{int32 flag, uint32 word}`: the word has the owner as FUTEX_LOCK_PI wants it.
    private func swiftOnce(_ captured: CapturedWait) -> LockWait? {
        guard captured.operation == .lockPI, let word = captured.memory[captured.address] else {
            return ownerless(.once, at: captured.address, "swift_once")
        }
        let wait = LockWait(kind: .once, address: captured.address &- 4, description: "swift_once")
        return held(wait, by: word & Self.ownerMask, isShared: false)
    }

    /// `_IO_lock_t`: lock, depth, owner.
    private func file(_ captured: CapturedWait) -> LockWait? {
        guard let owner = captured.handleOwner, captured.operation == .wait, captured.value == 2 else { return nil }
        let wait = LockWait(kind: .fileLock, address: captured.address, description: "stdio FILE lock")
        return held(wait, by: UInt32(bitPattern: owner), isShared: false)
    }

    // MARK: Others

    private func queue(_ queue: CapturedQueue) -> LockWait {
        let name = queue.label.isEmpty ? "" : " \"\(queue.label)\""
        return held(
            LockWait(kind: .dispatchQueue, address: queue.address, description: "DispatchQueue\(name)"),
            by: UInt32(bitPattern: queue.owner), isShared: false)
    }

    /// The thread waits for the mutex again, once it was told: that is another word than the condition's own.
    private func condition(_ captured: CapturedWait) -> LockWait? {
        if captured.operation == .lockPI || captured.operation == .wait && captured.value == 2 {
            return mutex(captured)
        }
        // __g_signals is at 40, of two groups; a condition variable stands on 8 bytes.
        let base = captured.address &- (captured.address % 8 == 0 ? 40 : 44)
        return ownerless(.condition, at: base, "pthread_cond")
    }

    /// Offsets: readers 0, writers 4, the futexes of the phase 8 and of the writers 12, cur_writer 24.
    private func rwlock(_ captured: CapturedWait, mode: LockWait.Mode) -> LockWait? {
        // The lock stands on 8 bytes, so a writer's word tells which of the two it is.
        let isWriters = captured.address % 8 == 4
        let bases = (mode == .write ? [isWriters ? 12 : 8] : [8, 0]).map { captured.address &- $0 }
        let wait = LockWait(kind: .rwlock, description: "pthread_rwlock", mode: mode)
        for base in bases {
            guard let readers = captured.memory[base], let writer = captured.memory[base + 24],
                let phase = captured.memory[base + 8], let writers = captured.memory[base + 12], phase <= 3,
                writers <= 3, writer == 0 || namesByTID[Int32(bitPattern: writer)] != nil
            else { continue }
            var wait = wait
            wait.address = base
            if writer != 0 { return held(wait, by: writer, isShared: false) }
            let count = readers >> 3
            if count > 0 { wait.description += ", held by \(count) \(count == 1 ? "reader" : "readers")" }
            return wait
        }
        return wait
    }

    /// The futex is the thread's number, which the kernel sets to 0 in its end.
    private func join(_ captured: CapturedWait) -> LockWait? {
        let wait = LockWait(kind: .join, description: "pthread_join")
        return held(wait, by: captured.value, isShared: false)
    }
}
