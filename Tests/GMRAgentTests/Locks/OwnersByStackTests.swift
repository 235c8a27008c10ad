import GMRCore
import Testing

@testable import GMRAgent

/// Owners that no lock names, as literal stacks.
@Suite struct OwnersByStackTests {
    /// - Parameter functions: Innermost first; those of libc have no dot.
    private static func thread(_ tid: Int32, _ kind: LockWait.Kind?, _ functions: [String]) -> ThreadSnapshot {
        ThreadSnapshot(
            tid: tid, capture: .noTouch, waitsFor: kind.map { LockWait(kind: $0, address: 1, description: "") },
            frames: functions.map {
                Frame(address: 1, module: $0.contains("my.") ? "service" : "libc.so.6", function: $0)
            })
    }

    private static func owner(of waiter: ThreadSnapshot, among others: [ThreadSnapshot]) -> Int32? {
        var owners = OwnersByStack([waiter] + others)
        return owners.owner(for: waiter)?.tid
    }

    @Test func whoInitializesStandsInTheSameFunction() {
        let waiter = Self.thread(1, .once, ["futex", "__pthread_once_slow", "my.settings", "my.main"])
        let initializer = Self.thread(2, nil, ["read", "my.load", "__pthread_once_slow", "my.settings", "my.other"])
        let second = Self.thread(3, .once, ["futex", "__pthread_once_slow", "my.settings", "my.third"])
        #expect(Self.owner(of: waiter, among: [initializer, second]) == 2)
        #expect(Self.owner(of: waiter, among: [second]) == nil)
        #expect(Self.owner(of: waiter, among: [initializer, Self.thread(4, nil, ["read", "my.settings"])]) == nil)
        let elsewhere = Self.thread(5, nil, ["read", "my.load", "__pthread_once_slow", "my.unrelated"])
        #expect(Self.owner(of: waiter, among: [elsewhere]) == nil)
    }

    @Test func whoAsksAgainWaitsForItself() {
        let twice = ["futex", "__pthread_once_slow", "my.settings", "my.load", "__pthread_once_slow", "my.settings"]
        #expect(Self.owner(of: Self.thread(1, .once, twice), among: []) == 1)
    }

    @Test func mallocBelongsToTheOnlyOneInside() {
        let waiter = Self.thread(1, .mallocLock, ["__lll_lock_wait_private", "malloc", "my.main"])
        let inside = Self.thread(2, nil, ["_int_free", "free", "my.work"])
        #expect(Self.owner(of: waiter, among: [inside]) == 2)
        #expect(Self.owner(of: waiter, among: [inside, Self.thread(3, nil, ["_int_malloc", "malloc"])]) == nil)
        #expect(Self.owner(of: waiter, among: [Self.thread(4, .mallocLock, ["malloc"])]) == nil)
        // A function of the program that has the same name.
        var own = Self.thread(5, nil, ["free"])
        own.frames[0].module = "service"
        #expect(Self.owner(of: waiter, among: [own]) == nil)
    }

    @Test(arguments: ["__restore_rt", "<signal handler called>"])
    func aHandlerMayHaveInterruptedItsOwnThread(trampoline: String) {
        let functions = ["malloc", "my.handler", trampoline, "_int_free", "free", "my.main"]
        #expect(Self.owner(of: Self.thread(1, .mallocLock, functions), among: []) == 1)
        let outside = ["malloc", "my.handler", trampoline, "my.main"]
        #expect(Self.owner(of: Self.thread(1, .mallocLock, outside), among: []) == nil)
    }
}
