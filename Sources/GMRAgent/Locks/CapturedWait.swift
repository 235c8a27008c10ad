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
    var memory: CapturedWords
    /// Of DispatchQueue.sync.
    var queue: CapturedQueue?
    /// The same at the second look; nil where the thread has moved since, or where nobody has looked again.
    var memoryAgain: CapturedWords?
    var queueAgain: CapturedQueue?
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
