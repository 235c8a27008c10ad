/// What one check has found: a sentence, and the next thing to do where not all is well.
struct Finding: Equatable {
    enum Status: String {
        /// As it should be.
        case ok
        /// Reports come, but lack something, or something else deserves a look.
        case warning
        /// Reports do not come, or the usual way to ask for one does harm.
        case problem
    }

    /// What was looked at, the same in every run: `signals`.
    var check: String
    var status: Status
    var text: String
    /// Nil where all is well.
    var advice: String?

    static func ok(_ check: String, _ text: String) -> Finding {
        Finding(check: check, status: .ok, text: text, advice: nil)
    }

    static func warning(_ check: String, _ text: String, do advice: String) -> Finding {
        Finding(check: check, status: .warning, text: text, advice: advice)
    }

    static func problem(_ check: String, _ text: String, do advice: String) -> Finding {
        Finding(check: check, status: .problem, text: text, advice: advice)
    }
}

/// The findings on one thing.
struct FindingGroup {
    /// What stands before the names of its checks in JSON: `process.signals`.
    var name: String
    var title: String
    var findings: [Finding]

    var hasProblem: Bool { findings.contains { $0.status == .problem } }
}
