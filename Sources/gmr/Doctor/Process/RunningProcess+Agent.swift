/// How much of GMR is in a process.
enum AgentPresence: Equatable {
    /// There is an arena.
    case setUp
    /// libgmr.so is mapped, from this path, and has its handlers: the arena comes with the first report.
    case onDemand(String)
    /// libgmr.so is mapped, from this path.
    case loaded(String)
    /// The executable was linked with it.
    case linked
    case absent

    var answers: Bool {
        switch self {
        case .setUp, .onDemand: true
        case .loaded, .linked, .absent: false
        }
    }
}

extension RunningProcess {
    /// Nil where this user may not see it.
    func agent(_ elf: ELFFacts?, _ facts: SignalFacts) -> AgentPresence? {
        guard let maps, !maps.files.isEmpty else { return nil }
        return Self.agent(maps, isLinked: elf?.hasAgent == true, facts)
    }

    static func agent(_ maps: MappedFiles, isLinked: Bool, _ facts: SignalFacts) -> AgentPresence {
        if maps.hasArena { return .setUp }
        if let library = maps.library {
            return facts.caught.contains(.prof) ? .onDemand(library) : .loaded(library)
        }
        return isLinked ? .linked : .absent
    }

    static func agentFinding(_ agent: AgentPresence, elf: ELFFacts?, isEnabled: Bool) -> Finding {
        let check = "agent"
        let enable = "unset GMR_ENABLE and start it again"
        switch agent {
        case .setUp:
            return .ok(check, "GMR is set up in it.")
        case .onDemand(let library):
            return .ok(check, "\(library) is in it, and wakes up when it is asked.")
        case .loaded(let library) where !isEnabled:
            return .problem(check, "\(library) is loaded, and turned off by GMR_ENABLE=0.", do: enable)
        case .loaded(let library):
            return .problem(
                check, "\(library) is loaded, but not set up.",
                do: "call gmr_set_up() early in main, or start it with LD_PRELOAD; see standard error for why it failed"
            )
        case .linked where !isEnabled:
            return .problem(check, "GMR is linked with it, and turned off by GMR_ENABLE=0.", do: enable)
        case .linked:
            return .problem(
                check, "GMR is linked with it, but not set up in this process.",
                do: "call GuruMeditation.setUpAutorun early in main, in a child of fork() too; see standard error for "
                    + "why it failed")
        case .absent where elf?.isStatic == true:
            return .problem(
                check, "GMR is not in it, and cannot be: the executable is static.",
                do: "link it dynamically (without -static, -static-executable), and then with GMRAgent or gmr.h; or "
                    + "start it with LD_PRELOAD")
        case .absent:
            return .problem(
                check, "GMR is not in it, and cannot be added to a running process.",
                do: "start it again with LD_PRELOAD=PATH, where `make preload` prints the path of libgmr.so; or link "
                    + "GMRAgent and call GuruMeditation.setUpAutorun")
        }
    }

    /// Nil where it does not matter.
    static func architecture(_ elf: ELFFacts) -> Finding? {
        let check = "executable"
        guard elf.isForThisProcessor else {
            return .problem(
                check, "The executable is not for x86-64; GMR reads the registers and stacks of x86-64 alone.",
                do: "run a build for x86-64")
        }
        // The finding on GMR itself tells of a static one.
        return elf.isStatic ? nil : .ok(check, "The executable is for x86-64 and linked dynamically.")
    }
}
