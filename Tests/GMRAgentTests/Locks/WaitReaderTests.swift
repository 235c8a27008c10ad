import GMRCore
import Testing

@testable import GMRAgent

/// What memory around a futex is taken for, and when it is not.
@Suite struct WaitReaderTests {
    private static let reader = WaitReader(namesByTID: [41: "alpha", 42: "beta", 43: nil])
    private static let base: UInt64 = 0x7f00_0000_1000

    /// - Parameter words: From the futex on.
    private static func wait(
        _ words: [UInt32], operation: CapturedWait.Operation = .wait, value: UInt32 = 2,
        before: [UInt32] = [0, 0, 0, 0], at address: UInt64 = base
    ) -> CapturedWait {
        CapturedWait(
            address: address, operation: operation, value: value, isTimed: false,
            memory: CapturedWords(start: address - UInt64(before.count) * 4, words: before + words))
    }

    private static func frames(_ functions: [String]) -> [Frame] {
        functions.map { Frame(address: 1, function: $0) }
    }

    @Test(arguments: [
        (0, "normal"), (1, "recursive"), (2, "errorcheck"), (3, "adaptive"), (128, "normal, process-shared"),
    ])
    func aMutexNamesItsOwner(kind: UInt32, description: String) {
        for functions in [["lll_lock_wait", "pthread_mutex_lock"], ["__pthread_mutex_lock@GLIBC_2.2.5"], []] {
            let wait = Self.reader.wait(of: Self.wait([2, 0, 42, 1, kind]), frames: Self.frames(functions))
            #expect(
                wait
                    == LockWait(
                        kind: .mutex, address: Self.base, description: "pthread_mutex (\(description))", owner: 42,
                        ownerName: "beta", isOwnerAlive: true, certainty: kind & 128 == 0 ? .certain : .likely))
        }
    }

    @Test func anOwnerThatIsNoThreadHasEnded() {
        let wait = Self.reader.wait(of: Self.wait([2, 0, 77, 1, 0]), frames: Self.frames(["pthread_mutex_lock"]))
        #expect(wait.owner == 77 && wait.isOwnerAlive == false && wait.ownerName == nil)
        let shared = Self.reader.wait(of: Self.wait([2, 0, 77, 1, 128]), frames: Self.frames(["pthread_mutex_lock"]))
        #expect(shared.owner == 77 && shared.isOwnerAlive == false && shared.certainty == .likely)
    }

    @Test func aRobustOneHasItInTheFutex() {
        let wait = Self.reader.wait(
            of: Self.wait([0x8000_0000 | 41, 0, 42, 1, 16 | 128], value: 0x8000_0000 | 41),
            frames: Self.frames(["pthread_mutex_lock"]))
        #expect(wait.owner == 41 && wait.description == "pthread_mutex (normal, robust)")
    }

    /// A value of 2 in some futex is no mutex for that alone.
    @Test(arguments: [[2, 0, 0, 1, 0], [2, 0, 42, 0, 0], [2, 0, 42, 1, 4096], [2, 0, 0xFFFF_FFFF, 1, 0], [2]])
    func whatDoesNotLookLikeOneIsNone(words: [UInt32]) {
        let wait = Self.reader.wait(of: Self.wait(words), frames: Self.frames(["wait_for_something"]))
        #expect(wait == LockWait(kind: .futex, address: Self.base, description: "futex"))
    }

    @Test(arguments: [
        ("_ZN3std3sys4sync5mutex5futex5Mutex14lock_contended17h1E", LockWait.Kind.mutex, LockWait.Mode?.none),
        ("_RNvMNtNtNtNtCs_3std3sys4sync6rwlock5futexNtB_6RwLock14read_contended", .rwlock, .read),
        ("_ZN3std3sys4sync6rwlock5futex6RwLock15write_contended17h2E", .rwlock, .write),
        ("_ZN3std3sys4sync7condvar5futex7Condvar4wait17h3E", .futex, nil),
    ])
    func rustsLocksHaveNoOwner(function: String, kind: LockWait.Kind, mode: LockWait.Mode?) {
        let wait = Self.reader.wait(
            of: Self.wait([2, 0, 42, 1], operation: .waitBitset), frames: Self.frames([function]))
        #expect(wait.kind == kind && wait.mode == mode && wait.owner == nil && wait.address == Self.base)
    }

    @Test func aConditionIsLeftForItsMutex() {
        let functions = ["lll_lock_wait", "pthread_cond_wait"]
        let waiting = Self.reader.wait(
            of: Self.wait([0, 0], operation: .waitBitset, value: 0), frames: Self.frames(functions))
        #expect(waiting.kind == .condition && waiting.address == Self.base - 40 && waiting.owner == nil)
        let again = Self.reader.wait(of: Self.wait([2, 0, 42, 1, 0]), frames: Self.frames(functions))
        #expect(again.kind == .mutex && again.owner == 42)
    }

    @Test func aSwiftMutexHasItsOwnerInItsWord() {
        let wait = Self.reader.wait(
            of: Self.wait([0x8000_0000 | 42, 9, 9, 9, 9], operation: .lockPI, value: 0),
            frames: Self.frames(["_MutexHandle._lockSlow()", "Mutex.withLock(_:)"]))
        #expect(wait.kind == .swiftMutex && wait.owner == 42 && wait.certainty == .certain)
    }

    @Test func anRWLockNamesItsWriterAndCountsItsReaders() {
        // readers 0, writers 4, the phase's futex 8, the writers' 12, cur_writer 24: the first writer waits for the
        // phase, those behind it at 12.
        let frames = Self.frames(["pthread_rwlock_wrlock"])
        let byReaders = Self.reader.wait(
            of: Self.wait(
                [3, 1, 0, 0, 0], operation: .waitBitset, value: 3, before: [9, 9, 2 << 3 | 2, 0], at: Self.base + 8),
            frames: frames)
        #expect(byReaders.address == Self.base && byReaders.owner == nil && byReaders.mode == .write)
        #expect(byReaders.description == "pthread_rwlock, held by 2 readers")
        let byWriter = Self.reader.wait(
            of: Self.wait(
                [3, 0, 0, 41, 0], operation: .waitBitset, value: 3, before: [9, 3, 1, 1], at: Self.base + 12),
            frames: frames)
        #expect(byWriter.address == Self.base && byWriter.owner == 41 && byWriter.certainty == .certain)
    }

    @Test func aJoinWaitsForTheThreadInItsFutex() {
        let wait = Self.reader.wait(
            of: Self.wait([42], operation: .waitBitset, value: 42), frames: Self.frames(["pthread_clockjoin_ex"]))
        #expect(wait.kind == .join && wait.owner == 42 && wait.certainty == .certain)
    }

    @Test func whatHasMovedOrChangedHandsIsNotTheSame() {
        let functions = Self.frames(["pthread_mutex_lock"])
        var wait = Self.wait([2, 0, 42, 1, 0, 8])
        #expect(!Self.reader.isSame(wait, frames: functions), "it has moved")
        wait.memoryAgain = wait.memory
        wait.memoryAgain?.words[9] = 7
        #expect(Self.reader.isSame(wait, frames: functions), "what lies behind the lock may change")
        wait.memoryAgain?.words[6] = 41
        #expect(!Self.reader.isSame(wait, frames: functions))
    }
}
