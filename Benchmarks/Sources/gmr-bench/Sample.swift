/// Some measurements of one thing, in nanoseconds or plain numbers.
struct Sample {
    private let sorted: [Double]

    init(_ values: [Double]) {
        sorted = values.sorted()
    }

    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// `12.3 ms (11.9…15.0)` of nanoseconds.
    var duration: String {
        guard let least = sorted.first, let most = sorted.last else { return "nothing measured" }
        let unit = Unit(for: median)
        return "\(unit.number(median)) \(unit.name) (\(unit.number(least))…\(unit.number(most)))"
    }
}

/// The unit in which a duration has one to three digits before its point.
struct Unit {
    let name: String
    private let nanoseconds: Double

    init(for duration: Double) {
        (name, nanoseconds) =
            switch duration {
            case ..<1e3: ("ns", 1)
            case ..<1e6: ("µs", 1e3)
            case ..<1e9: ("ms", 1e6)
            default: ("s", 1e9)
            }
    }

    func number(_ duration: Double) -> String {
        Unit.decimal(duration / nanoseconds)
    }

    static func text(_ duration: Double) -> String {
        let unit = Unit(for: duration)
        return "\(unit.number(duration)) \(unit.name)"
    }

    /// Three digits that mean something: `0.42`, `4.2`, `42`.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let scale: Double = value >= 99.5 ? 1 : value >= 9.95 ? 10 : 100
        let rounded = (value * scale).rounded() / scale
        return scale == 1 || rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
