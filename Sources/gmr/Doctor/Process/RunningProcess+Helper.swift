import GMRAgent
import GMRCore

/// A helper process that has been started at set-up.
enum StandbyPresence: Equatable {
    /// - Parameter isFiltered: It has a seccomp filter too, which was there before set-up.
    case there(Int32, isFiltered: Bool)
    /// `GMR_HELPER_STANDBY` asks for one.
    case missing
    /// There is one, and this user may not see whose.
    case hidden
    case notWanted

    var isThere: Bool {
        switch self {
        case .there: true
        case .missing, .hidden, .notWanted: false
        }
    }

    /// What is forbidden to the process is not to the helper.
    var isOutsideOfFilter: Bool {
        switch self {
        case .there(_, let isFiltered): !isFiltered
        case .missing, .hidden, .notWanted: false
        }
    }
}

extension RunningProcess {
    /// How that process calls itself, and which descriptor of it refers to its service: helper_spawn.h.
    private static let standbyName = "gmr-report-standby"
    private static let standbyOwner = 5

    func standby(_ settings: Settings) -> StandbyPresence {
        var isHidden = false
        for name in ProcFile.names(in: "/proc") {
            guard let number = Int32(name), ProcFile.strings("/proc/\(name)/cmdline") == [Self.standbyName] else {
                continue
            }
            guard let owner = ProcFile.text("/proc/\(name)/fdinfo/\(Self.standbyOwner)") else {
                isHidden = true
                continue
            }
            guard KeyedText(owner)["Pid"] == "\(pid)" else { continue }
            let status = KeyedText(ProcFile.text("/proc/\(name)/status") ?? "")
            return .there(number, isFiltered: status["Seccomp"] != "0")
        }
        guard settings.helperStandsBy else { return .notWanted }
        return isHidden ? .hidden : .missing
    }

    /// Who makes its reports. Nothing where GMR is not in it, and no setting says otherwise.
    func helper(_ agent: AgentPresence?, _ settings: Settings, _ standby: StandbyPresence) -> [Finding] {
        var findings: [Finding] = []
        if let path = settings.helperProgram {
            findings.append(places.helperProgram(path, isComparable: hasOurVersion))
        }
        if let finding = Self.standbyFinding(standby, agent) { findings.append(finding) }
        if findings.isEmpty, agent?.answers == true {
            findings.append(.ok("helper", "Its helper process is the program itself, started for each report."))
        }
        return findings
    }

    static func standbyFinding(_ standby: StandbyPresence, _ agent: AgentPresence?) -> Finding? {
        let check = "helper"
        switch (standby, agent) {
        case (.there(let number, _), _):
            return .ok(check, "Process \(number), its helper, stands by.")
        case (.hidden, _):
            return .ok(check, "Whether a helper process stands by cannot be told from here.")
        case (.missing, .setUp):
            return .warning(
                check, "No helper process stands by, though GMR_HELPER_STANDBY=1: one is started for each report.",
                do: "see its standard error for why; where the helper was killed, ask for a report: another one is "
                    + "started behind it")
        case (.missing, .onDemand):
            return .warning(
                check, "GMR_HELPER_STANDBY=1 has no effect where GMR has no threads between reports.",
                do: "call gmr_set_up() early in main, or set GMR_FILE_EVENT_HANDLER, and start it again")
        case (.missing, _), (.notWanted, _):
            return nil
        }
    }

    /// Whether the process has GMR as this tool has it, so that its helper can be held against the tool.
    private var hasOurVersion: Bool {
        let own = maps?.library.map { root + $0 } ?? "/proc/\(pid)/exe"
        return HelperProgram.problem(own)?.isOtherVersion != true
    }
}

extension ReportPlaces {
    /// The program that `GMR_HELPER` names. One that is replaced after set-up is not started: GMR has opened it then.
    func helperProgram(_ setting: String, isComparable: Bool) -> Finding {
        let path = absolute(setting)
        func unusable(_ text: String, do advice: String) -> Finding {
            .warning("helper", "GMR_HELPER=\(path) \(text); the helper process is the program itself.", do: advice)
        }
        if let place = closed(path) {
            return unusable(
                "is in \(place), which the service may not enter",
                do: "let user \(userName) search it (chmod, chown), or name another program")
        }
        if let problem = HelperProgram.problem(root + path), isComparable || !problem.isOtherVersion {
            return unusable(problem.text, do: problem.remedy)
        }
        if let status = status(of: path),
            credentials?.mayStart(mode: status.st_mode, owner: status.st_uid, group: status.st_gid) == false
        {
            return unusable(
                "cannot be read and started by user \(userName)", do: "chmod a+rx \(path), or name another program")
        }
        guard isComparable else {
            return .ok(
                "helper", "GMR_HELPER=\(path): its version is not compared, this tool has another than the process.")
        }
        return .ok("helper", "GMR_HELPER=\(path) can serve as its helper process.")
    }
}
