import GMRCore

/// What becomes of signals that are sent to a process.
struct SignalFacts: Equatable {
    var caught = SignalSet(mask: 0)
    var ignored = SignalSet(mask: 0)
    /// In every thread, so that none takes it.
    var blockedEverywhere = SignalSet(mask: 0)
    /// Sent, and not taken yet.
    var pending = SignalSet(mask: 0)
    /// From signalfds.
    var readByDescriptors = SignalSet(mask: 0)

    init() {}

    init(status: KeyedText, tasks: [KeyedText], readByDescriptors: SignalSet) {
        caught = status.signals("SigCgt")
        ignored = status.signals("SigIgn")
        blockedEverywhere = (tasks.isEmpty ? [status] : tasks).reduce(SignalSet(mask: .max)) {
            $0.intersection($1.signals("SigBlk"))
        }
        pending = tasks.reduce(status.signals("ShdPnd")) { $0.union($1.signals("SigPnd")) }
        self.readByDescriptors = readByDescriptors
    }
}

extension RunningProcess {
    func signalFacts() -> SignalFacts {
        SignalFacts(status: status, tasks: tasks, readByDescriptors: signalsReadByDescriptors())
    }

    /// One for each signal that asks for a report if the environment is right; the program may have chosen others.
    func triggers(_ agent: AgentPresence?, _ settings: Settings, _ facts: SignalFacts) -> [Finding] {
        let isByFile = settings.fileEventHandler != nil && !settings.signalsBesideFile
        let signals = isByFile ? [] : settings.signals.map { $0.compactMap { SignalNumber($0) } } ?? [.usr2]
        var findings = signals.map { signal in
            SignalChecks(pid: pid, agent: agent, isInit: isInit, facts: facts).finding(signal)
        }
        if signals.isEmpty {
            findings.append(
                .ok(
                    "signals", "No signal asks for a report, by \(isByFile ? "GMR_FILE_EVENT_HANDLER" : "GMR_SIGNALS")."
                ))
        }
        if agent == .setUp, !facts.caught.contains(.prof) {
            findings.append(
                .warning(
                    "signals", "SIGPROF has no handler: threads that run cannot be asked for their stacks.",
                    do: "leave SIGPROF to GMR: find what resets it, such as a profiler"))
        }
        return findings
    }

    static func crashes(_ agent: AgentPresence?, _ facts: SignalFacts) -> Finding {
        let check = "crash signals"
        let caught = SignalSet.crashes.intersection(facts.caught)
        let ignored = SignalSet.crashes.intersection(facts.ignored)
        if ignored.mask != 0 {
            return .warning(
                check, "\(ignored.names) is ignored: where it is sent, the program goes on.",
                do: "find out who ignores it, in the program or before its start")
        }
        if caught.mask == 0 {
            return .ok(
                check, "Nobody handles crashes; the kernel ends the process, with a core dump where they are on.")
        }
        return agent?.answers == true
            ? .ok(check, "A crash makes a report first: there are handlers of \(caught.names).")
            : .ok(check, "Code of the process handles \(caught.names), such as a backtracer.")
    }
}

/// Whether a signal makes a report, or what it does instead.
struct SignalChecks {
    private static let another =
        "leave it to GMR (out of UnixSignals, for one), or start it again with "
        + "GMR_SIGNALS=SIGRTMIN+3 and use kill -RTMIN+3 PID"

    var pid: Int32
    var agent: AgentPresence?
    var isInit = false
    var facts: SignalFacts

    private var answers: Bool { agent?.answers == true }

    func finding(_ signal: SignalNumber) -> Finding {
        let check = "signals"
        let command = "kill -\(signal.name.dropFirst(3)) \(pid)"
        if facts.pending.contains(signal), facts.caught.contains(signal) {
            return .problem(
                check, "\(signal) was sent and has not been taken: every thread blocks it, or none runs.",
                do: "see the state above; unblock it in one thread (pthread_sigmask)")
        }
        if facts.ignored.contains(signal) { return ignored(signal, command) }
        guard facts.caught.contains(signal) else { return unhandled(signal, command) }
        if facts.blockedEverywhere.contains(signal) {
            return .problem(
                check, "\(signal) is blocked in every thread: `\(command)` is not taken.",
                do: "unblock it in one thread (pthread_sigmask), or do not start the program with it blocked")
        }
        if facts.readByDescriptors.contains(signal) {
            return .warning(
                check,
                "\(signal) is read from a signalfd too, as libdispatch's signal sources do: some make no report.",
                do: Self.another)
        }
        if agent == nil {
            return .ok(check, "\(signal) has a handler; whose, cannot be told from here.")
        }
        guard answers else {
            return .warning(
                check, "\(signal) has a handler that is not GMR's: `\(command)` does what the program makes of it.",
                do: "do not send it for a report")
        }
        return .ok(check, "\(signal) has a handler: `\(command)` asks for a report.")
    }

    /// Those with a handler that a program may have named.
    private var others: String {
        let free = SignalSet((34...64).compactMap { SignalNumber(rawValue: $0) } + [.usr1, .usr2])
        let caught = facts.caught.intersection(free)
        return caught.mask == 0 ? "" : " (these have a handler: \(caught.names))"
    }

    private func ignored(_ signal: SignalNumber, _ command: String) -> Finding {
        let check = "signals"
        guard answers else {
            return .warning(
                check, "\(signal) is ignored: `\(command)` does nothing.", do: "see above for how GMR gets into it")
        }
        return .problem(
            check, "\(signal) is ignored: other code has set that, and `\(command)` makes no report.", do: Self.another)
    }

    /// The default action of nearly all of them ends the process.
    private func unhandled(_ signal: SignalNumber, _ command: String) -> Finding {
        let check = "signals"
        let harmless = ["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"].contains(signal.name)
        let stops = ["SIGTSTP", "SIGTTIN", "SIGTTOU"].contains(signal.name)
        let isBlocked = facts.blockedEverywhere.contains(signal)
        let pending = facts.pending.contains(signal) ? " It was sent already, and waits." : ""
        let effect =
            if isInit {
                "`\(command)` does nothing, because it is process 1, which gets no signal that it does not handle"
            } else if harmless {
                "`\(command)` does nothing"
            } else if isBlocked {
                "every thread blocks it, and `\(command)` would end this process as soon as one does not"
            } else {
                "`\(command)` would \(stops ? "stop" : "end") this process"
            }
        let text = "\(signal) has no handler: \(effect).\(pending)"
        guard answers else {
            return .warning(check, text, do: "do not send it; see above for how GMR gets into the process")
        }
        return .problem(
            check, text,
            do: "do not send it. If the program names other signals (signals:), use these\(others); else find what "
                + "resets \(signal), and leave it to GMR")
    }
}
