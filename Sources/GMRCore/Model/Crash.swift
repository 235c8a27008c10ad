/// The fault that ended the process.
public struct Crash: Sendable, Equatable {
    /// `SIGSEGV`
    public var signal: String
    /// What the kernel says of the signal's origin (`si_code` of sigaction(2)): `SEGV_MAPERR`, `SI_TKILL`, or a number
    /// without a name.
    public var code: String
    /// What was accessed or executed; nil where the signal has none.
    public var address: UInt64?
    /// The thread that had the fault.
    public var thread: Int32
    /// What the program said of it last: `Fatal error: …`, `malloc(): …`; nil where nothing is known.
    public var message: String?
    /// The address lies just below the stack of the thread, which it has used up.
    public var isStackOverflow: Bool
    /// The processor's registers at the fault, in the order of their DWARF numbers.
    public var registers: [Register]

    /// One register, `rip`.
    public struct Register: Sendable, Equatable {
        public var name: String
        public var value: UInt64

        public init(name: String, value: UInt64) {
            self.name = name
            self.value = value
        }
    }

    public init(
        signal: String, code: String, address: UInt64? = nil, thread: Int32, message: String? = nil,
        isStackOverflow: Bool = false, registers: [Register] = []
    ) {
        self.signal = signal
        self.code = code
        self.address = address
        self.thread = thread
        self.message = message
        self.isStackOverflow = isStackOverflow
        self.registers = registers
    }
}
