import GMRCore

/// A set of signals, as `/proc` writes it: 16 hexadecimal digits, the lowest bit for signal 1.
struct SignalSet: Equatable {
    var mask: UInt64

    init(mask: UInt64) {
        self.mask = mask
    }

    /// Nil for what is no such number.
    init?(hexadecimal: some StringProtocol) {
        guard let mask = UInt64(hexadecimal, radix: 16) else { return nil }
        self.mask = mask
    }

    init(_ signals: [SignalNumber]) {
        mask = signals.reduce(0) { $0 | Self.bit($1) }
    }

    private static func bit(_ signal: SignalNumber) -> UInt64 { 1 << UInt64(signal.rawValue - 1) }

    func contains(_ signal: SignalNumber) -> Bool { mask & Self.bit(signal) != 0 }

    func union(_ other: SignalSet) -> SignalSet { SignalSet(mask: mask | other.mask) }

    func intersection(_ other: SignalSet) -> SignalSet { SignalSet(mask: mask & other.mask) }

    /// In the order of their numbers.
    var signals: [SignalNumber] { (1...64).compactMap { SignalNumber(rawValue: $0) }.filter(contains) }

    /// `SIGSEGV, SIGBUS`
    var names: String { signals.map(\.name).joined(separator: ", ") }

    /// Of a program that failed.
    static let crashes = SignalSet(
        ["ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV", "SYS"].compactMap { SignalNumber($0) })
}
