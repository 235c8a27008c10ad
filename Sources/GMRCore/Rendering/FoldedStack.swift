/// A stack with the turns of a recursion left out.
enum FoldedStack {
    enum Part: Equatable {
        /// The frame at an index is printed.
        case frame(Int)
        /// The `period` frames printed last occur `count` times more.
        case repetition(period: Int, count: Int)
    }

    /// Cycles of so many functions that call each other are recognized.
    static let longestPeriod = 4
    /// So many repetitions are printed in full.
    static let repetitionsShown = 10

    /// `places` says where each frame is; frames are the same if their places are. The time is linear in the
    /// number of frames: at each index at most `longestPeriod * repetitionsShown` comparisons that lead nowhere
    /// per period.
    static func parts(of places: [String]) -> [Part] {
        // Comparing small numbers instead of text keeps a stack of 100,000 frames cheap.
        var numbers: [String: Int] = [:]
        var keys: [Int] = []
        for place in places {
            let number = numbers[place] ?? numbers.count
            numbers[place] = number
            keys.append(number)
        }
        return parts(of: keys)
    }

    private static func parts(of keys: [Int]) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < keys.count {
            if let (period, count) = repetition(in: keys, at: index) {
                for offset in 0..<period { parts.append(.frame(index + offset)) }
                parts.append(.repetition(period: period, count: count))
                index += period * (count + 1)
            } else {
                parts.append(.frame(index))
                index += 1
            }
        }
        return parts
    }

    /// The shortest cycle that begins at `index` and is repeated often enough, with the number of repetitions
    /// after its first turn.
    private static func repetition(in keys: [Int], at index: Int) -> (period: Int, count: Int)? {
        for period in 1...longestPeriod {
            var end = index + period
            while end < keys.count && keys[end] == keys[end - period] { end += 1 }
            let count = (end - index) / period - 1
            if count > repetitionsShown { return (period, count) }
        }
        return nil
    }
}
