import GMRCore

/// A Swift task without symbols.
struct CapturedTask: Sendable {
    /// Without frames, and without what other tasks say about it.
    var snapshot: TaskSnapshot
    /// Of the task itself.
    var address: UInt64
    /// It has an executor of its own for where no actor's is needed.
    var prefersExecutor: Bool
    /// Addresses; 0: of nothing.
    var parent: UInt64
    var awaits: Awaited?
    /// Innermost first.
    var frames: [CapturedFrame]

    /// Return addresses of who made it; empty: unknown.
    var sites: [CapturedFrame] = []

    enum Awaited: Sendable, Equatable {
        /// Address and number: the address may be another task's by now.
        case task(UInt64, id: UInt64)
        case continuation
        /// With so many children when all tasks had been read; 0: unknown.
        case group(children: UInt64)
        /// Of an actor itself, or of others; 0: the global one.
        case executor(UInt64, type: String?, isActor: Bool)
    }
}
