/// Random numbers that are the same in every run.
public struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    /// - Parameter state: Not 0.
    public init(state: UInt64) {
        self.state = state
    }

    public mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// One of 0 to `limit` - 1.
    public mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}
