/// Names and meanings of `si_code` on Linux (asm-generic/siginfo.h).
public enum SignalCode {
    /// `SEGV_MAPERR` for 1 of signal 11; the number where it has no name.
    public static func name(of code: Int32, signal: Int32) -> String {
        entry(code, signal: signal)?.name ?? "\(code)"
    }

    /// `nothing is mapped there`, to follow an address or a signal; nil where the name says it all.
    public static func meaning(ofName name: String) -> String? {
        (named.values.joined() + general).first { $0.name == name }?.meaning
    }

    private typealias Entry = (code: Int32, name: String, meaning: String?)

    private static func entry(_ code: Int32, signal: Int32) -> Entry? {
        general.first { $0.code == code } ?? named[signal]?.first { $0.code == code }
    }

    /// Of any signal.
    private static let general: [Entry] = [
        (0x80, "SI_KERNEL", nil), (0, "SI_USER", "sent by a process"), (-1, "SI_QUEUE", "sent by a process"),
        (-2, "SI_TIMER", "sent by a timer"), (-6, "SI_TKILL", "raised by the program"),
    ]

    private static let named: [Int32: [Entry]] = [
        4: [
            (1, "ILL_ILLOPC", nil), (2, "ILL_ILLOPN", "the program stops itself there, or jumped into data"),
            (3, "ILL_ILLADR", nil), (4, "ILL_ILLTRP", nil), (5, "ILL_PRVOPC", nil), (6, "ILL_PRVREG", nil),
            (7, "ILL_COPROC", nil), (8, "ILL_BADSTK", nil),
        ],
        5: [(1, "TRAP_BRKPT", nil), (2, "TRAP_TRACE", nil), (4, "TRAP_HWBKPT", nil)],
        7: [
            (1, "BUS_ADRALN", "the address is not aligned"), (2, "BUS_ADRERR", "the file ends before it"),
            (3, "BUS_OBJERR", "the device failed"), (4, "BUS_MCEERR_AR", "the memory is damaged"),
            (5, "BUS_MCEERR_AO", "the memory is damaged"),
        ],
        8: [
            (1, "FPE_INTDIV", "division by zero"), (2, "FPE_INTOVF", "integer overflow"),
            (3, "FPE_FLTDIV", "division by zero"), (4, "FPE_FLTOVF", nil), (5, "FPE_FLTUND", nil),
            (6, "FPE_FLTRES", nil), (7, "FPE_FLTINV", nil), (8, "FPE_FLTSUB", nil),
        ],
        11: [
            (1, "SEGV_MAPERR", "nothing is mapped there"), (2, "SEGV_ACCERR", "the access is not allowed there"),
            (3, "SEGV_BNDERR", nil), (4, "SEGV_PKUERR", "a protection key forbids it"),
        ],
        31: [(1, "SYS_SECCOMP", "a seccomp filter forbids the call")],
    ]
}
