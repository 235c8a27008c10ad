import CGMRPreload
import GMRAgent
import Glibc
import Synchronization

/// `gmr_ask_t *`; the type of that name is none of a function pointer.
public typealias NativeAsk = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Void

/// What `gmr_watch` began.
struct NativeWatch: Sendable {
    /// `gmr_watch_t *`, as a number: the target, which is never freed, because an answer may be on its way whenever
    /// this ends.
    let handle: UInt
    private let question: Question
    private let registration: WatchRegistration

    init(_ name: String, of reports: GuruMeditation, question: Question) {
        let target = WatchedTarget(name) { question.ask(OpaquePointer(Unmanaged.passUnretained($0).toOpaque())) }
        self.question = question
        handle = UInt(bitPattern: Unmanaged.passRetained(target).toOpaque())
        registration = reports.watch(target)
    }

    /// Nobody asks when this returns, but for the caller itself.
    /// - Throws: Where the program's function does not return.
    func end() throws(NativeError) {
        registration.unregister()
        guard question.end() else {
            throw NativeError(
                ETIMEDOUT,
                "A question is still being asked: what gmr_watch() was given to ask with has blocked for 1 s.")
        }
    }
}

/// The program's function that asks, and whether it runs.
final class Question: Sendable {
    private struct State {
        var isOver = false
        /// That asks.
        var thread: pthread_t?
    }

    private let function: NativeAsk
    // Whoever registers it answers for its use on another thread.
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer?
    private let state = Mutex(State())
    private let hasReturned = Latch()
    private static let patience: Duration = .seconds(1)

    init(_ function: @escaping NativeAsk, context: UnsafeMutableRawPointer?) {
        self.function = function
        self.context = context
    }

    /// Of the watchdog's thread alone.
    func ask(_ handle: OpaquePointer) {
        let isOver = state.withLock { state in
            if !state.isOver { state.thread = pthread_self() }
            return state.isOver
        }
        if isOver { return }
        function(handle, context)
        state.withLock { $0.thread = nil }
        hasReturned.open()
    }

    /// Asks no more.
    /// - Returns: False where it does all the same, for longer than a second.
    func end() -> Bool {
        func askingThread() -> pthread_t? {
            state.withLock { state in
                state.isOver = true
                return state.thread
            }
        }
        let thread = askingThread()
        if thread == nil || thread == pthread_self() { return true }
        // Closed only now: it has been opened by every question before.
        hasReturned.close()
        let end = ContinuousClock.now + Self.patience
        if askingThread() != nil { hasReturned.wait(until: end) }
        return askingThread() == nil
    }
}

@_cdecl("gmr_watch")
public func watch(
    name: UnsafePointer<CChar>?, ask: NativeAsk?, context: UnsafeMutableRawPointer?
) -> OpaquePointer? {
    do throws(NativeError) {
        guard let name = name.map({ String(cString: $0) }), let ask else {
            throw NativeError(EINVAL, "gmr_watch() needs a name and a function that asks.")
        }
        let question = Question(ask, context: context)
        return try OpaquePointer(
            bitPattern: NativeAgent.shared.withLock { agent throws(NativeError) in try agent.watch(name, question) })
    } catch {
        _ = error.report()
        return nil
    }
}

@_cdecl("gmr_answer")
public func answer(handle: OpaquePointer?) {
    guard let handle else { return }
    Unmanaged<WatchedTarget>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue().answer()
}

@_cdecl("gmr_unwatch")
public func unwatch(handle: OpaquePointer?) -> Int32 {
    do throws(NativeError) {
        let handle = UInt(bitPattern: handle)
        // What is asked there may need the lock.
        try NativeAgent.shared.withLock { agent throws(NativeError) in try agent.watch(handle) }.end()
        // Only now: where it did not end, it may be tried again.
        NativeAgent.shared.withLock { $0.forgetWatch(handle) }
        return 0
    } catch {
        return error.report()
    }
}
