import GMRCore

/// A futex call that a thread sleeps in, and the memory around the futex.
struct CapturedWait: Sendable, Equatable {
    /// The calls of futex(2) that wait.
    enum Operation: Sendable, Equatable {
        case wait, waitBitset
        /// FUTEX_LOCK_PI: the word has the owner's thread number.
        case lockPI
    }

    var address: UInt64
    var operation: Operation
    /// What the call expects in the futex.
    var value: UInt32
    var isTimed: Bool
    /// On a word of its own stack, as glibc lets a thread sleep for good that the kernel refuses a priority-inheriting
    /// mutex (EDEADLK, ESRCH). Which mutex that is stands in a register alone: it is found at the second look, and the
    /// rest of this then says how the thread had waited for it.
    var isParked = false
    /// Another process may wake it.
    var isShared = false
    var memory: CapturedWords
    /// Of DispatchQueue.sync.
    var queue: CapturedQueue?
    /// The thread whose `pthread_t` stands 8 bytes behind the futex.
    var handleOwner: Int32?
    /// The same at the second look; nil where the thread has moved since, or where nobody has looked again.
    var memoryAgain: CapturedWords?
    var queueAgain: CapturedQueue?

    /// Of a read-write lock: how many read; nil of other locks.
    func readerCount(of wait: LockWait) -> UInt32? {
        guard wait.kind == .rwlock, let address = wait.address else { return nil }
        return memory[address].map { $0 >> 3 }
    }
}

/// What was found when a process was looked at again.
struct SecondLook: Sendable {
    /// Futexes, with what was seen then.
    var waits: [Int32: CapturedWait]
    /// Threads that slept in the same call all the time.
    var unmoved: Set<Int32>
}

/// A dispatch queue that somebody else drains.
struct CapturedQueue: Sendable, Equatable {
    var address: UInt64
    /// The thread number in its state.
    var owner: Int32
    var label: String
}

/// Words of memory, as far as they were copied.
struct CapturedWords: Sendable, Equatable {
    /// Address of the first one.
    var start: UInt64
    var words: [UInt32]

    /// Nil where it was not copied.
    subscript(_ address: UInt64) -> UInt32? {
        let (distance, overflow) = address.subtractingReportingOverflow(start)
        guard !overflow, distance % 4 == 0, distance / 4 < UInt64(words.count) else { return nil }
        return words[Int(distance / 4)]
    }
}

/// A system call that a thread sleeps in.
struct CapturedCall: Sendable, Equatable {
    var number: Int64
    /// Six of them, as far as the call has so many.
    var arguments: [UInt64]
}
