import Testing

/// A scenario with what is known of it beforehand.
struct ZooCase: Sendable, CustomTestStringConvertible {
    /// How much of a thread a report can be asked for.
    enum Expectation: Sendable {
        /// All of it, frame by frame what gdb shows.
        case complete
        /// All of it, or its innermost part and the word `truncated`.
        case completeOrTruncated
        /// Only that many innermost frames are real; beyond them no two unwinders must agree.
        case innermost(Int)
        /// No stack, and a gap that names the thread and the reason; or, from a debugger's rights, a stack as gdb's.
        case gapOrComplete
    }

    struct Thread: Sendable {
        var name: String
        /// Names, innermost first, each part of the linker's name of a frame, in this order with others between them.
        var chain: [String]
        var expectation = Expectation.complete
        var count = 1
    }

    var name: String
    var threads: [Thread]
    /// A shared library in Plugins/ that the scenario takes as its argument.
    var plugin: String?
    /// Threads of the runtime or of the scenario start and end between two observations.
    var threadsComeAndGo = false
    /// The main thread is a zombie: /proc/PID/maps and /proc/PID/exe are empty, gdb does not list it, eu-stack gives up.
    var mainThreadEnds = false
    var alarmSeconds = 120

    var testDescription: String { name }

    /// Whether the same thread can be asked for in two observations, one after the other.
    func stays(_ thread: ObservedThread) -> Bool {
        !threadsComeAndGo || thread.name == "HangZoo" || threads.contains { $0.name == thread.name }
    }

    func expectation(ofThreadNamed name: String?) -> Expectation {
        threads.first { $0.name == name }?.expectation ?? .complete
    }
}
