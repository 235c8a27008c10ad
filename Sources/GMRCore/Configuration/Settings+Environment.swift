extension Settings {
    /// Takes over what the environment sets:
    ///
    /// | variable | value |
    /// |---|---|
    /// | `GMR_ENABLE` | `1`, `0`; `true`, `yes`, `on` and their opposites |
    /// | `GMR_FORMAT` | `text`, `json`, `both` |
    /// | `GMR_LOG_DIR` | the folder for reports |
    /// | `GMR_SIGNALS` | signals separated by commas: `USR2,SIGRTMIN+3`; or `none` |
    /// | `GMR_FILE_EVENT_HANDLER` | a file that triggers reports, in the place of signals |
    /// | `GMR_FILE_EVENT_HANDLER_INTERVAL` | seconds, 0.01 to 3600 |
    /// | `GMR_SIGNALS_BESIDE_FILE` | as `GMR_ENABLE` |
    /// | `GMR_CAPTURE_DEADLINE_MS` | milliseconds, 1 to 10000 |
    /// | `GMR_SECTION_DEADLINE_MS`, `GMR_HELPER_SILENCE_MS` | milliseconds, 1 to 600000 |
    /// | `GMR_MAX_THREADS` | 64 to 4096 |
    /// | `GMR_DEBUG_DIR` | folders with separate debug information, separated by colons |
    /// | `GMR_SYSTEM_LINES` | as `GMR_ENABLE` |
    /// | `GMR_DEBUGINFOD` | as `GMR_ENABLE`; then `DEBUGINFOD_URLS` names the servers, as for every debuginfod client |
    ///
    /// A variable that is empty counts as not set. One that cannot be used leaves the setting as it was.
    /// - Returns: A problem for each value that could not be used; the others are taken over all the same.
    public mutating func apply(environment: [String: String]) -> [SettingProblem] {
        var reader = EnvironmentReader(environment: environment)
        reader.readFlag("GMR_ENABLE", into: &isEnabled)
        reader.readFormat("GMR_FORMAT", into: &format)
        reader.readText("GMR_LOG_DIR", into: &logDirectory)
        reader.readSignals("GMR_SIGNALS", into: &signals)
        reader.readText("GMR_FILE_EVENT_HANDLER", into: &fileEventHandler)
        reader.readSeconds("GMR_FILE_EVENT_HANDLER_INTERVAL", accepted: 0.01...3600, into: &fileEventHandlerInterval)
        reader.readFlag("GMR_SIGNALS_BESIDE_FILE", into: &signalsBesideFile)
        reader.readMilliseconds("GMR_CAPTURE_DEADLINE_MS", accepted: 1...10_000, into: &captureDeadline)
        reader.readMilliseconds("GMR_SECTION_DEADLINE_MS", accepted: 1...600_000, into: &sectionDeadline)
        reader.readMilliseconds("GMR_HELPER_SILENCE_MS", accepted: 1...600_000, into: &helperSilence)
        reader.readNumber("GMR_MAX_THREADS", accepted: 64...4096, what: "threads", into: &maximumThreadCount)
        reader.readText("GMR_DEBUG_DIR", into: &debugDirectories)
        reader.readFlag("GMR_SYSTEM_LINES", into: &symbolizeSystemLibraries)
        reader.readFlag("GMR_DEBUGINFOD", into: &fetchDebugInformation)
        return reader.problems
    }
}

/// Reads variables one by one and collects what is wrong with them.
private struct EnvironmentReader {
    let environment: [String: String]
    var problems: [SettingProblem] = []

    init(environment: [String: String]) {
        self.environment = environment
    }

    func readText(_ variable: String, into setting: inout String?) {
        if let value = value(of: variable) { setting = value }
    }

    mutating func readFlag(_ variable: String, into setting: inout Bool) {
        guard let value = value(of: variable) else { return }
        switch value.lowercased() {
        case "1", "true", "yes", "on": setting = true
        case "0", "false", "no", "off": setting = false
        default: complain(variable, value, "is neither yes nor no", used: setting ? "1" : "0", accepted: "1, 0")
        }
    }

    mutating func readFormat(_ variable: String, into setting: inout ReportFormat) {
        guard let value = value(of: variable) else { return }
        if let format = ReportFormat(rawValue: value.lowercased()) {
            setting = format
        } else {
            let accepted = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            complain(variable, value, "is not a format", used: setting.rawValue, accepted: accepted)
        }
    }

    mutating func readNumber(
        _ variable: String, accepted: ClosedRange<Int>, what: String, into setting: inout Int
    ) {
        if let number = number(variable, accepted: accepted, what: what, current: "\(setting)") { setting = number }
    }

    mutating func readMilliseconds(
        _ variable: String, accepted: ClosedRange<Int>, into setting: inout Duration
    ) {
        let current = Self.shown(setting / .milliseconds(1))
        if let number = number(variable, accepted: accepted, what: "milliseconds", current: current) {
            setting = .milliseconds(number)
        }
    }

    mutating func readSeconds(_ variable: String, accepted: ClosedRange<Double>, into setting: inout Duration) {
        guard let value = value(of: variable) else { return }
        if let number = Double(value), accepted.contains(number) {
            setting = .seconds(number)
        } else {
            complain(
                variable, value, "is not a possible number of seconds", used: Self.shown(setting / .seconds(1)),
                accepted: "\(Self.shown(accepted.lowerBound)) to \(Self.shown(accepted.upperBound))")
        }
    }

    /// `1`, `0.5`.
    private static func shown(_ number: Double) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private mutating func number(
        _ variable: String, accepted: ClosedRange<Int>, what: String, current: String
    ) -> Int? {
        guard let value = value(of: variable) else { return nil }
        if let number = Int(value), accepted.contains(number) { return number }
        let range = "\(accepted.lowerBound) to \(accepted.upperBound)"
        complain(variable, value, "is not a possible number of \(what)", used: current, accepted: range)
        return nil
    }

    /// Signals that can be used are, even beside some that cannot.
    mutating func readSignals(_ variable: String, into setting: inout [String]?) {
        guard let value = value(of: variable) else { return }
        if value.lowercased() == "none" {
            setting = []
            return
        }
        var complaints: [String] = []
        var names: [String] = []
        for text in value.split(separator: ",").map(String.init) {
            guard let signal = SignalNumber(text) else {
                complaints.append("names no signal (\(text))")
                continue
            }
            if let reason = signal.reasonNotToTrigger {
                complaints.append("names \(signal), which \(reason)")
            } else if !names.contains(signal.name) {
                names.append(signal.name)
            }
        }
        if names.isEmpty && complaints.isEmpty { complaints.append("names no signal") }
        if !names.isEmpty { setting = names }
        let inForce = setting ?? [SignalNumber.usr2.name]
        let used = inForce.isEmpty ? "none" : inForce.joined(separator: ",")
        for complaint in complaints {
            complain(variable, value, complaint, used: used, accepted: "names such as USR2,SIGRTMIN+3, or none")
        }
    }

    private func value(of variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    private mutating func complain(
        _ variable: String, _ value: String, _ complaint: String, used: String, accepted: String
    ) {
        problems.append(
            SettingProblem(variable: variable, value: value, complaint: complaint, used: used, accepted: accepted))
    }
}
