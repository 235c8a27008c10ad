import GMRCore
import Glibc

/// What `/proc/PID/stat` says of a process (proc(5)).
struct ProcessFacts {
    var pid: Int32
    var parentPID: Int32
    var state: String?
    /// Since boot.
    var startTicks: Int64
    var residentPages: Int64?

    init?(pid: Int32) {
        // As bytes: this is read for every process of the machine.
        guard let bytes = ProcFile.bytes("/proc/\(pid)/stat"), let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // The command in parentheses may hold spaces and parentheses of its own.
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 22)
        guard fields.count > 19, let parent = Self.number(fields[1]), let start = Self.number(fields[19]) else {
            return nil
        }
        self.pid = pid
        parentPID = Int32(truncatingIfNeeded: parent)
        state = fields[0].first.flatMap { Self.stateName(letter: UInt32($0)) }
        startTicks = start
        residentPages = fields.count > 21 ? Self.number(fields[21]) : nil
    }

    /// Nil for anything but digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// `sleeping` for `S`; nil for a letter that is not known.
    static func stateName(letter: UInt32) -> String? {
        ThreadSnapshot.State(letter: letter)?.rawValue
    }

    /// When the process started, to a hundredth of a second.
    static func startTime(of pid: Int32) -> Timestamp? {
        guard let facts = ProcessFacts(pid: pid), let boot = bootSeconds() else { return nil }
        return facts.started(bootSeconds: boot)
    }

    /// When the machine started, in seconds since 1970.
    static func bootSeconds() -> Int64? {
        let lines = ProcFile.text("/proc/stat")?.split(separator: "\n")
        return lines?.first { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst(6)) }
    }

    func started(bootSeconds: Int64) -> Timestamp? {
        let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        guard ticksPerSecond > 0 else { return nil }
        let (ticks, overflow) = startTicks.multipliedReportingOverflow(by: 1_000_000_000 / ticksPerSecond)
        guard !overflow else { return nil }
        return Timestamp(nanosecondsSinceEpoch: bootSeconds &* 1_000_000_000 &+ ticks)
    }
}

extension ThreadSnapshot.State {
    /// The letter of `/proc/PID/stat` and `status`; an idle kernel thread counts as sleeping.
    init?(letter: UInt32) {
        switch UInt8(truncatingIfNeeded: letter) {
        case UInt8(ascii: "R"): self = .running
        case UInt8(ascii: "S"), UInt8(ascii: "I"): self = .sleeping
        case UInt8(ascii: "D"): self = .uninterruptible
        case UInt8(ascii: "T"), UInt8(ascii: "t"): self = .stopped
        case UInt8(ascii: "Z"), UInt8(ascii: "X"): self = .zombie
        default: return nil
        }
    }
}
