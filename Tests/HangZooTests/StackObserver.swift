// What somebody saw of a process: the same values for GMR's report and for the referees it is held against.

/// One frame, innermost first in its thread.
struct ObservedFrame: Equatable, Sendable {
    /// The interrupted instruction in the innermost frame, the return address in its callers.
    var address: UInt64
    /// The linker's name, without a symbol version; nil where the observer knows none.
    var name: String?
    var isInlined = false
    /// The kernel's signal trampoline.
    var isSignalFrame = false
    /// The file that the address belongs to.
    var module: String?

    init(
        address: UInt64, name: String?, isInlined: Bool = false, isSignalFrame: Bool = false, module: String? = nil
    ) {
        self.address = address
        self.name = name.map { String($0.prefix(while: { $0 != "@" })) }
        self.isInlined = isInlined
        self.isSignalFrame = isSignalFrame
        self.module = module
    }
}

struct ObservedThread: Equatable, Sendable {
    var tid: Int32
    var name: String?
    var frames: [ObservedFrame]

    /// GMR's own threads are not in a report.
    var belongsToGMR: Bool { name?.hasPrefix("gmr-") ?? false }
}

/// Looks at all threads of a process. Blocks the calling thread.
protocol StackObserver {
    var label: String { get }
    @available(*, noasync)
    func threads(of pid: Int32) throws -> [ObservedThread]
}

struct ObservationFailure: Error, CustomStringConvertible {
    var description: String
}
