/// A signal by its number on Linux, x86-64 (signal(7)), with the names that people write.
public struct SignalNumber: RawRepresentable, Sendable, Hashable {
    /// 1 to 64.
    public let rawValue: Int32

    /// Nil for a number that is no signal.
    public init?(rawValue: Int32) {
        guard (1...Self.lastRealTime).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// `USR2`, `SIGUSR2`, `12`, `SIGRTMIN+3`, `RTMAX-1`, in either case, spaces around it ignored; nil for anything
    /// else. `SIGRTMIN` is 34: the C library keeps 32 and 33 for itself.
    public init?(_ text: String) {
        let name = Self.bareName(text)
        if let number = Int32(name) {
            self.init(rawValue: number)
        } else if let number = Self.namesByNumber.first(where: { $0.name == name })?.number ?? Self.aliases[name] {
            self.init(rawValue: number)
        } else if let distance = Self.distance(name, after: "RTMIN", sign: "+") {
            self.init(rawValue: Self.firstRealTime + distance)
        } else if let distance = Self.distance(name, after: "RTMAX", sign: "-") {
            self.init(rawValue: Self.lastRealTime - distance)
        } else {
            return nil
        }
    }

    /// `SIGUSR2`, `SIGRTMIN`, `SIGRTMIN+3`; `SIG32` and `SIG33` for the two that the C library keeps.
    public var name: String {
        if let entry = Self.namesByNumber.first(where: { $0.number == rawValue }) { return "SIG" + entry.name }
        if rawValue < Self.firstRealTime { return "SIG\(rawValue)" }
        return rawValue == Self.firstRealTime ? "SIGRTMIN" : "SIGRTMIN+\(rawValue - Self.firstRealTime)"
    }

    /// Why the signal cannot trigger a report, as the end of a sentence that begins with its name; nil if it can.
    public var reasonNotToTrigger: String? {
        switch name {
        case "SIGKILL", "SIGSTOP": "cannot be caught"
        case "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS": "means that the program failed"
        case "SIGABRT": "means that the program gave up"
        case "SIGPROF": "is how stacks are captured"
        case "SIG32", "SIG33": "belongs to the C library"
        default: nil
        }
    }

    /// Why the signal is none that ends a process with a report; nil if it can be.
    public var reasonNotToCrash: String? {
        switch name {
        case "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGABRT", "SIGQUIT": nil
        case "SIGKILL", "SIGSTOP": "cannot be caught"
        default: "does not end a process with a core dump"
        }
    }

    /// What makes a report of a crash where nothing else is set.
    public static let crashes = ["SEGV", "BUS", "ILL", "FPE", "TRAP", "ABRT", "SYS"].compactMap { SignalNumber($0) }
    /// SIGUSR1, 10.
    public static let usr1 = SignalNumber(known: 10)
    /// What triggers a report where nothing else is set.
    public static let usr2 = SignalNumber(known: 12)
    /// SIGPROF, 27, by which threads that run are asked for their stacks.
    public static let prof = SignalNumber(known: 27)

    private init(known number: Int32) {
        rawValue = number
    }

    // MARK: Names

    private static let firstRealTime: Int32 = 34
    private static let lastRealTime: Int32 = 64

    private static let namesByNumber: [(number: Int32, name: String)] = [
        (1, "HUP"), (2, "INT"), (3, "QUIT"), (4, "ILL"), (5, "TRAP"), (6, "ABRT"), (7, "BUS"), (8, "FPE"),
        (9, "KILL"), (10, "USR1"), (11, "SEGV"), (12, "USR2"), (13, "PIPE"), (14, "ALRM"), (15, "TERM"),
        (16, "STKFLT"), (17, "CHLD"), (18, "CONT"), (19, "STOP"), (20, "TSTP"), (21, "TTIN"), (22, "TTOU"),
        (23, "URG"), (24, "XCPU"), (25, "XFSZ"), (26, "VTALRM"), (27, "PROF"), (28, "WINCH"), (29, "IO"),
        (30, "PWR"), (31, "SYS"),
    ]

    private static let aliases: [String: Int32] = ["IOT": 6, "CLD": 17, "POLL": 29, "UNUSED": 31]

    private static func bareName(_ text: String) -> String {
        let upper = text.uppercased()
        var name = Substring(upper)
        while name.first == " " { name.removeFirst() }
        while name.last == " " { name.removeLast() }
        return String(name.hasPrefix("SIG") ? name.dropFirst(3) : name)
    }

    /// 3 of `RTMIN+3`, 0 of `RTMIN`; nil where the number leads out of the range of real-time signals.
    private static func distance(_ name: String, after prefix: String, sign: Character) -> Int32? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        if rest.isEmpty { return 0 }
        guard rest.first == sign, rest.dropFirst().allSatisfy(\.isNumber), let distance = Int32(rest.dropFirst()),
            distance <= lastRealTime - firstRealTime
        else { return nil }
        return distance
    }
}

extension SignalNumber: CustomStringConvertible {
    /// `name`.
    public var description: String { name }
}
