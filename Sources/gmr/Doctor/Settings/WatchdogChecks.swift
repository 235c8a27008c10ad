import GMRAgent
import GMRCore

/// Whether hangs are looked for, and whether the settings for that make sense.
struct WatchdogChecks {
    /// What a watchdog watches where it is.
    enum Place: Equatable {
        /// In services started here.
        case machine
        /// In a process that is set up, whose threads tell whether there is one.
        case swift(isThere: Bool)
        /// The same with `libgmr.so`.
        case native(isThere: Bool)
        /// In a program that has no threads of GMR's between reports.
        case onDemand

        var isThere: Bool? {
            switch self {
            case .machine: nil
            case .swift(let isThere), .native(let isThere): isThere
            case .onDemand: false
            }
        }
    }

    private static let check = "watchdog"
    private static let variable = "GMR_WATCHDOG"
    private static let pauseVariable = "GMR_WATCHDOG_PAUSE"

    var place: Place
    /// Nil where the environment sets none; the program may.
    private let limit: Duration?
    /// As above; without either the default is in force.
    private let pause: Duration?
    private let isEnabled: Bool

    init(_ place: Place, _ environment: [String: String]) {
        let settings = SettingChecks.settings(environment)
        self.place = place
        limit = settings.watchdogLimit
        isEnabled = settings.isEnabled
        pause = environment[Self.pauseVariable]?.isEmpty == false ? settings.watchdogPause : nil
    }

    /// Nothing where reports are turned off, which is told of elsewhere.
    func findings() -> [Finding] {
        guard isEnabled else { return [] }
        guard place.isThere ?? (limit != nil) else { return [absence()] + uselessPause() }
        return [presence()] + doubts()
    }

    /// Without one.
    private func absence() -> Finding {
        guard let limit else {
            let silence = place == .machine ? "\(Self.variable) is not set: no" : "It has no watchdog: no"
            return .ok(Self.check, "\(silence) report is made of a hang unless somebody asks for one.")
        }
        if place == .onDemand {
            return .warning(
                Self.check,
                "\(Self.variable)=\(Self.number(limit)) has no effect in a program that knows nothing of GMR.",
                do: "unset it; or link the program with libgmr.so, and call gmr_set_up() and gmr_watch()")
        }
        return .warning(
            Self.check, "There is no watchdog in it, though \(Self.variable)=\(Self.number(limit)).",
            do: "see its standard error for why, and start it again")
    }

    private func presence() -> Finding {
        let silent = limit.map { "\(Self.number($0)) s" } ?? "as long as the program has set"
        let often = pause.map { "\(Self.number($0)) s" } ?? "600 s, unless the program has set another pause"
        let begin = place == .machine ? "Services started here have a watchdog" : "It has a watchdog"
        let limits = "what is silent for \(silent) makes a report, at most one in \(often)"
        return .ok(Self.check, "\(begin): \(limits). \(watched)")
    }

    private var watched: String {
        let tasks = "tasks of high, medium and low priority, the main actor"
        switch place {
        case .machine: return "It watches \(tasks) of Swift services, and what programs register."
        case .swift: return "It watches \(tasks), and what the program registers with watch()."
        case .native, .onDemand: return "It watches what the program registers with gmr_watch()."
        }
    }

    // MARK: What makes no sense

    private func uselessPause() -> [Finding] {
        guard pause != nil, limit == nil else { return [] }
        return [
            .warning(
                Self.check, "\(Self.pauseVariable) has no effect without a watchdog.",
                do: "set \(Self.variable) too, such as to 10, or unset it")
        ]
    }

    private func doubts() -> [Finding] {
        var findings: [Finding] = []
        if let limit, limit < .seconds(1) {
            findings.append(
                .warning(
                    Self.check, "\(Self.variable)=\(Self.number(limit)) finds what is slow too, and calls it silent.",
                    do: "set it well above what the service may take, such as to 10"))
        }
        if let limit, let pause, pause < limit {
            findings.append(
                .warning(
                    Self.check,
                    "\(Self.pauseVariable)=\(Self.number(pause)) is shorter than the limit of \(Self.number(limit)) s: "
                        + "what hangs again and again makes a report each time.",
                    do: "unset it, for 600, or set it to some minutes"))
        }
        return findings
    }

    /// `10`, `0.5`
    private static func number(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    }
}

extension RunningProcess {
    private static let watchdogThread = "gmr-watchdog"

    /// Nothing where GMR is not set up in it, or that cannot be told.
    func watchdog(_ agent: AgentPresence?) -> [Finding] {
        let isThere = tasks.contains { $0["Name"] == Self.watchdogThread }
        let place: WatchdogChecks.Place? =
            switch agent {
            case .setUp: maps?.library == nil ? .swift(isThere: isThere) : .native(isThere: isThere)
            case .onDemand: .onDemand
            case .loaded, .linked, .absent, nil: nil
            }
        return place.map { WatchdogChecks($0, environment ?? [:]).findings() } ?? []
    }
}
