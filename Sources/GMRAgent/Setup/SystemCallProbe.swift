import CUnwindShim

/// The unusual system calls that GMR needs, tried as set-up tries them.
package struct SystemCallProbe: Sendable {
    /// What a call is for, and what a report is like without it.
    package struct Call: Sendable {
        package var name: String
        package var loss: String
        /// Whether there is no report at all without it.
        package var isEssential: Bool

        package init(name: String, loss: String, isEssential: Bool) {
            self.name = name
            self.loss = loss
            self.isEssential = isEssential
        }
    }

    private let allowed: UInt32

    /// Forks a few times; leaves nothing behind.
    package init() {
        allowed = gmr_probe_machine()
    }

    /// Those that are refused, or that this kernel does not have.
    package var refused: [Call] { Self.calls.filter { allowed & $0.bit == 0 }.map(\.call) }

    /// All that are tried.
    package static var names: [String] { calls.map(\.call.name) }

    private static let calls: [(bit: UInt32, call: Call)] = [
        (
            UInt32(GMR_PROBE_MEMFD),
            Call(name: "memfd_create", loss: "GMR cannot be set up", isEssential: true)
        ),
        (
            UInt32(GMR_PROBE_CLONE),
            Call(name: "clone", loss: "there is no helper process: a thread finishes reports", isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_EXEC),
            Call(name: "execveat", loss: "there is no helper process: a thread finishes reports", isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_VM_READ),
            Call(
                name: "process_vm_readv", loss: "threads that sleep are not read without a signal", isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_GETFD),
            Call(
                name: "pidfd_getfd", loss: "a descriptor that the service closes for GMR is not found again",
                isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_UNSHARE),
            Call(
                name: "unshare(CLONE_FILES)", loss: "GMR shares the service's descriptors, which may run out",
                isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_PTRACE),
            Call(
                name: "ptrace",
                loss: "threads that mask SIGPROF while they run are not read, nor which mutex one was refused",
                isEssential: false)
        ),
        (
            UInt32(GMR_PROBE_INOTIFY),
            Call(
                name: "inotify", loss: "a trigger file is looked at once each interval instead", isEssential: false)
        ),
    ]
}
