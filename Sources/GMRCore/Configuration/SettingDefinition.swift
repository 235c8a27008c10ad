/// One setting: how it is called, what it takes, and what reads it.
public struct SettingDefinition: Sendable {
    /// As a configuration file calls it: `gmr.log.dir`.
    public var key: String
    /// `path`, `integer`, `list of signals`…
    public var type: String
    /// `ms`, `s`, `bytes`; nil where there is none.
    public var unit: String?
    /// What is in force where nobody sets it, in words.
    public var defaultText: String
    /// One line.
    public var meaning: String
    /// What may be written: `1 to 10000`; nil: any text.
    public var accepted: String?

    /// Takes a value over; what is wrong with it, each as the rest of a sentence that begins with `GMR_FORMAT=xml2`.
    let parse: @Sendable (_ text: String, _ settings: inout Settings) -> [String]
    /// What is in force, as it would be written.
    let show: @Sendable (Settings) -> String

    /// As the environment calls it: `GMR_LOG_DIR`.
    public var variable: String { key.split(separator: ".").joined(separator: "_").uppercased() }
}

extension SettingDefinition {
    typealias Path<Value> = WritableKeyPath<Settings, Value> & Sendable

    static func flag(_ key: String, _ path: Path<Bool>, _ meaning: String) -> Self {
        Self(
            key: key, type: "0 or 1", defaultText: Settings()[keyPath: path] ? "1" : "0", meaning: meaning,
            accepted: "1, 0",
            parse: { text, settings in
                switch text.lowercased() {
                case "1", "true", "yes", "on": settings[keyPath: path] = true
                case "0", "false", "no", "off": settings[keyPath: path] = false
                default: return ["is neither yes nor no"]
                }
                return []
            }, show: { $0[keyPath: path] ? "1" : "0" })
    }

    static func text(
        _ key: String, _ path: Path<String?>, type: String, default defaultText: String, _ meaning: String
    ) -> Self {
        Self(
            key: key, type: type, defaultText: defaultText, meaning: meaning,
            parse: { text, settings in
                settings[keyPath: path] = text
                return []
            }, show: { $0[keyPath: path] ?? defaultText })
    }

    static func words(_ key: String, _ path: Path<[String]>, type: String, _ meaning: String) -> Self {
        Self(
            key: key, type: type, defaultText: "none", meaning: meaning,
            parse: { text, settings in
                settings[keyPath: path] = text.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
                return []
            }, show: { $0[keyPath: path].isEmpty ? "none" : $0[keyPath: path].joined(separator: ",") })
    }

    static func number(
        _ key: String, _ path: Path<Int>, accepted: ClosedRange<Int>, what: String, _ meaning: String
    ) -> Self {
        Self(
            key: key, type: "integer", defaultText: "\(Settings()[keyPath: path])", meaning: meaning,
            accepted: inWords(accepted),
            parse: { text, settings in
                guard let number = Int(text), accepted.contains(number) else { return [notANumber(of: what)] }
                settings[keyPath: path] = number
                return []
            }, show: { "\($0[keyPath: path])" })
    }

    /// No number: no limit.
    static func limit(_ key: String, _ path: Path<Int?>, unit: String?, what: String, _ meaning: String) -> Self {
        Self(
            key: key, type: "integer", unit: unit, defaultText: "no limit", meaning: meaning,
            accepted: "1 or more, or none",
            parse: { text, settings in
                if text.lowercased() == "none" {
                    settings[keyPath: path] = nil
                    return []
                }
                guard let number = Int(text), number > 0 else { return [notANumber(of: what)] }
                settings[keyPath: path] = number
                return []
            }, show: { $0[keyPath: path].map { "\($0)" } ?? "none" })
    }

    static func milliseconds(
        _ key: String, _ path: Path<Duration>, accepted: ClosedRange<Int>, _ meaning: String
    ) -> Self {
        Self(
            key: key, type: "integer", unit: "ms",
            defaultText: withoutFraction(Settings()[keyPath: path] / .milliseconds(1)), meaning: meaning,
            accepted: inWords(accepted),
            parse: { text, settings in
                guard let number = Int(text), accepted.contains(number) else { return [notANumber(of: "milliseconds")] }
                settings[keyPath: path] = .milliseconds(number)
                return []
            }, show: { withoutFraction($0[keyPath: path] / .milliseconds(1)) })
    }

    static func seconds(
        _ key: String, _ path: Path<Duration>, accepted: ClosedRange<Double>, _ meaning: String
    ) -> Self {
        Self(
            key: key, type: "number", unit: "s",
            defaultText: withoutFraction(Settings()[keyPath: path] / .seconds(1)), meaning: meaning,
            accepted: inWords(accepted),
            parse: { text, settings in
                guard let duration = seconds(text, accepted: accepted) else { return [notANumber(of: "seconds")] }
                settings[keyPath: path] = duration
                return []
            }, show: { withoutFraction($0[keyPath: path] / .seconds(1)) })
    }

    /// No number: nothing is limited.
    static func limit(
        _ key: String, _ path: Path<Duration?>, accepted: ClosedRange<Double>, _ meaning: String
    ) -> Self {
        Self(
            key: key, type: "number", unit: "s", defaultText: "none", meaning: meaning,
            accepted: "\(inWords(accepted)), or none",
            parse: { text, settings in
                let duration = seconds(text, accepted: accepted)
                if duration == nil, text.lowercased() != "none" { return [notANumber(of: "seconds")] }
                settings[keyPath: path] = duration
                return []
            }, show: { $0[keyPath: path].map { withoutFraction($0 / .seconds(1)) } ?? "none" })
    }

    private static func seconds(_ text: String, accepted: ClosedRange<Double>) -> Duration? {
        Double(text).flatMap { accepted.contains($0) ? .nanoseconds(Int64($0 * 1e9)) : nil }
    }

    static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    private static func inWords(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }

    private static func inWords(_ range: ClosedRange<Double>) -> String {
        "\(withoutFraction(range.lowerBound)) to \(withoutFraction(range.upperBound))"
    }

    private static func notANumber(of what: String) -> String { "is not a possible number of \(what)" }

    /// `1` for 1.0.
    private static func withoutFraction(_ number: Double) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
