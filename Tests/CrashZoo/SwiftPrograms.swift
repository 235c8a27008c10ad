import CCrashZoo
import Dispatch
import GMRAgent
import Glibc
import Synchronization

/// A program in Swift, with its truth as CCrashZoo.h describes it. A build may be optimized.
struct SwiftProgram: Sendable {
    var name: String
    var signal = "SIGILL"
    var code = "ILL_ILLOPN"
    var stack: String
    var message: String
    var crash: @Sendable () -> Void
}

#if DEBUG
    private let isOptimized = false
#else
    private let isOptimized = true
#endif

/// Optimized checks print nothing; their names are in the debug information.
private func check(_ printed: String, optimized: String) -> String {
    isOptimized ? "Swift runtime failure: " + optimized : printed
}

private func trap(_ name: String, _ stack: String, _ message: String, _ crash: @escaping @Sendable () -> Void)
    -> SwiftProgram
{
    SwiftProgram(name: name, stack: stack, message: message, crash: crash)
}

private func abort(_ name: String, _ stack: String, _ message: String, _ crash: @escaping @Sendable () -> Void)
    -> SwiftProgram
{
    SwiftProgram(
        name: name, signal: "SIGABRT", code: "SI_TKILL", stack: "abort<" + stack, message: message, crash: crash)
}

/// The reports of this process.
let running = Mutex<GuruMeditation?>(nil)

let swiftPrograms = [
    SwiftProgram(
        name: "swift-in-section", signal: "SIGSEGV", code: "SEGV_MAPERR", stack: "generatorFaults()", message: "",
        crash: reportIsAskedFor),
    trap("swift-fatal", "fatalErrorShort()", "Fatal error: boom", fatalErrorShort),
    trap("swift-fatal-long", "fatalErrorLong()", "which no small string can hold.", fatalErrorLong),
    trap("swift-fatal-cut", "fatalErrorCut()", "ääääääää…", fatalErrorCut),
    trap("swift-fatal-unicode", "fatalErrorUnicode()", "Fatal error: Größe 3 € 🚀", fatalErrorUnicode),
    trap("swift-fatal-built", "fatalErrorBuilt()", "Fatal error: the number 4711 is false", fatalErrorBuilt),
    trap("swift-fatal-lines", "fatalErrorLines()", "Fatal error: first; second", fatalErrorLines),
    trap(
        "swift-precondition", "preconditionFails()",
        check("Precondition failed: must be zero", optimized: "precondition failure"), preconditionFails),
    trap(
        "swift-index", "indexIsOutOfRange()",
        check("Fatal error: Index out of range", optimized: "Index out of range"), indexIsOutOfRange),
    trap(
        "swift-unwrap", "nilIsUnwrapped()",
        check(
            "Fatal error: Unexpectedly found nil while unwrapping an Optional value",
            optimized: "Unexpectedly found nil while unwrapping an Optional value"), nilIsUnwrapped),
    trap("swift-try", "errorIsThrown()", "'try!' expression unexpectedly raised an error", errorIsThrown),
    trap("swift-overflow", "sumOverflows()", "Swift runtime failure: arithmetic overflow", sumOverflows),
    trap("swift-mutex", "mutexIsLockedTwice()", "which it holds itself", mutexIsLockedTwice),
    trap("swift-mutex-crossed", "mutexesAreCrossed()", "DEADLOCK: thread", mutexesAreCrossed),
    abort("swift-cast", "castFails()", "Could not cast value of type 'CrashZoo.Square'", castFails),
    abort("swift-exclusivity", "accessesOverlap()", "Fatal access conflict detected.", accessesOverlap),
    abort("swift-unowned", "unownedIsRead()", "Attempted to read an unowned reference", unownedIsRead),
    trap("swift-task", "fatalErrorShort()", "Fatal error: boom", { inTask(fatalErrorShort) }),
    abort("swift-task-cast", "castFails()", "Could not cast value of type 'CrashZoo.Square'", { inTask(castFails) }),
    trap(
        "swift-fatal-after-report", "fatalErrorAfterReport()", "It said: CrashZoo/SwiftPrograms.swift",
        fatalErrorAfterReport),
    SwiftProgram(
        name: "swift-null-after-report", signal: "SIGSEGV", code: "SEGV_MAPERR", stack: "nullIsReadAfterReport()",
        message: "-", crash: nullIsReadAfterReport),
    abort("swift-abort-after-report", "abortAfterReport()", "-", abortAfterReport),
    trap("swift-trap-after-report", "crash_zoo_trap<trapAfterReport()", "-", trapAfterReport),
]

// MARK: Errors that the program finds

@inline(never) private func opaque<Value>(_ value: Value) -> Value { value }

@inline(never) private func fatalErrorShort() { fatalError("boom") }

@inline(never) private func fatalErrorLong() {
    fatalError("This message is longer than some others: more than one hundred bytes, which no small string can hold.")
}

@inline(never) private func fatalErrorCut() {
    fatalError(String(repeating: "ä", count: opaque(1000)))
}

@inline(never) private func fatalErrorUnicode() { fatalError("Größe 3 € 🚀") }

@inline(never) private func fatalErrorBuilt() {
    fatalError("the number \(opaque(4711)) is \(CommandLine.arguments.isEmpty)")
}

@inline(never) private func fatalErrorLines() { fatalError("first\nsecond") }

@inline(never) private func preconditionFails() { precondition(opaque(4711) == 0, "must be zero") }

@inline(never) private func indexIsOutOfRange() { say("\(opaque([1, 2, 3])[opaque(4711)])") }

@inline(never) private func nilIsUnwrapped() {
    let nothing: Int? = opaque(nil)
    say("\(nothing!)")
}

struct Broken: Error {}
@inline(never) private func fails() throws { throw Broken() }
@inline(never) private func errorIsThrown() { try! fails() }

@inline(never) private func sumOverflows() { say("\(opaque(4711) + opaque(Int.max))") }

@inline(never) private func mutexIsLockedTwice() {
    let mutex = Mutex(0)
    mutex.withLock { _ in mutex.withLock { $0 += 1 } }
}

private let left = Mutex(0)
private let right = Mutex(0)

/// The kernel finds the circle, and Swift says of it what it says of one thread: `Recursive call to lock Mutex`.
@inline(never) private func mutexesAreCrossed() {
    let crosser = Mutex<Int32>(0)
    left.withLock { _ in
        DispatchQueue.global().async {
            right.withLock { _ in
                crosser.withLock { $0 = crash_zoo_tid() }
                left.withLock { $0 += 1 }
            }
        }
        while crosser.withLock({ $0 }) == 0 { usleep(1000) }
        crash_zoo_await_futex(crosser.withLock { $0 })
        right.withLock { $0 += 1 }
    }
}

// MARK: Errors that the runtime finds

private final class Box {
    var value = 0
}
struct Square {}

@inline(never) private func castFails() {
    let square: Any = opaque(Square() as Any)
    say(square as! String)
}

@inline(never) private func modify(_ value: inout Int, _ body: () -> Void) {
    value += 1
    body()
    value += 1
}
@inline(never) private func accessesOverlap() {
    let box = opaque(Box())
    modify(&box.value) { box.value = 3 }
}

@inline(never) private func unownedIsRead() {
    var box: Box? = opaque(Box())
    unowned let reference = box!
    box = nil
    say("\(reference.value)")
}

// MARK: Elsewhere, and after something else

private func inTask(_ crash: @escaping @Sendable () -> Void) {
    Task.detached {
        await Task.yield()
        crash()
    }
    while true { pause() }
}

/// The runtime reports a leaked continuation, on another thread, and the program goes on.
private func haveReportMade() {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        await withUnsafeContinuation { (unsafe: UnsafeContinuation<Void, Never>) in
            _ = CheckedContinuation(continuation: unsafe, function: "leaks()")
            done.signal()
        }
    }
    done.wait()
}

@inline(never) private func fatalErrorAfterReport() {
    haveReportMade()
    fatalError("boom")
}

@inline(never) private func nullIsReadAfterReport() {
    haveReportMade()
    say("\(UnsafePointer<Int>(bitPattern: opaque(16)).unsafelyUnwrapped.pointee)")
}

@inline(never) private func abortAfterReport() {
    haveReportMade()
    Glibc.abort()
}

@inline(never) private func trapAfterReport() {
    haveReportMade()
    crash_zoo_trap()
}

// MARK: In the midst of a report

private func reportIsAskedFor() {
    running.withLock { _ = $0?.registerSection("Faulty") { generatorFaults() } }
    kill(getpid(), SIGUSR2)
    while true { pause() }
}

@inline(never) private func generatorFaults() -> SectionModel {
    UnsafePointer<Int>(bitPattern: 0x50)?.pointee == 1 ? ["one": 1] : ["other": 2]
}
