import GMRAgent
import GMRCore
import Glibc

extension RunningProcess {
    /// All checks, from what decides most to what decides least.
    func findings() -> [Finding] {
        let state = Self.state(state, pid: pid, tracer: status.number("TracerPid"), parent: status["PPid"])
        // Nothing is left of it but its status.
        if self.state == "Z" { return [state] }
        var findings = [state]
        findings += access().map { [$0] } ?? []
        if let container { findings.append(container) }

        let elf = ELFFacts(path: "/proc/\(pid)/exe")
        let facts = signalFacts()
        let agent = agent(elf, facts)
        let settings = SettingChecks.settings(environment ?? [:])
        findings += elf.flatMap(Self.architecture).map { [$0] } ?? []
        let standby = standby(settings)
        if let agent { findings.append(Self.agentFinding(agent, elf: elf, isEnabled: settings.isEnabled)) }
        findings += helper(agent, settings, standby)
        findings += triggers(agent, settings, facts)
        findings.append(Self.crashes(agent, facts))
        findings += watchdog(agent)
        findings += [
            Self.dumpable(owner: owner, user: Credentials(status, isOfThisNamespace: true)?.user),
            Self.sandbox(
                mode: status["Seccomp"] ?? "0", gainsNoPrivileges: status["NoNewPrivs"] == "1", standby: standby),
            rootDirectory(standby), threads(limit: settings.maximumThreadCount),
        ]
        findings += limitFindings()
        findings.append(Machine.cores(limits: limits))
        findings += files(elf, settings)
        findings += MemoryGroup.findings(pid: "\(pid)", check: "memory")
        findings.append(Self.outOfMemory(ProcFile.text("/proc/\(pid)/oom_score_adj")))
        if let environment {
            findings += SettingChecks.findings(environment)
            findings += places.findings(settings, isSetUp: agent == .setUp)
        }
        return findings
    }

    /// Its files, as it sees them.
    var places: ReportPlaces {
        ReportPlaces(
            status: status, root: root, workingDirectory: ProcFile.link("/proc/\(pid)/cwd"),
            isOfThisNamespace: isOfThisUserNamespace)
    }

    static func state(_ letter: Character, pid: Int32, tracer: UInt64?, parent: String?) -> Finding {
        let check = "state"
        switch letter {
        case "Z", "X":
            return .problem(
                check, "It has ended, and its parent has not taken note of it (zombie): there is nothing to report.",
                do: "see why process \(parent ?? "?") does not wait for its children: gmr doctor \(parent ?? "PID")")
        case "T":
            return .problem(
                check, "It is stopped: it makes a report when it goes on.", do: "kill -CONT \(pid)")
        case "t":
            return .problem(
                check, "Process \(tracer ?? 0), a debugger, has stopped it: it makes a report when it goes on.",
                do: "let it go on there, or detach")
        default: break
        }
        if let tracer, tracer != 0 {
            return .warning(
                check, "Process \(tracer) traces it, and sees its signals first.",
                do: "detach that debugger, or have it pass signals on (gdb: handle SIGUSR2 SIGPROF nostop noprint pass)"
            )
        }
        if letter == "D" {
            return .warning(
                check, "Its main thread is in an uninterruptible wait, for a disk or a file server as a rule.",
                do: "look at /proc/\(pid)/stack as root, and at that disk; other threads answer all the same")
        }
        return .ok(check, "It runs.")
    }

    /// Nil where everything may be read.
    private func access() -> Finding? {
        if maps != nil && environment != nil && executable != nil { return nil }
        return .warning(
            "access",
            "Some of its files in /proc may be read by its own user and root alone: whether GMR is in it "
                + "cannot be told from here.",
            do: geteuid() == 0
                ? "run gmr with the capability CAP_SYS_PTRACE, outside of this container" : "sudo gmr doctor \(pid)")
    }

    private var container: Finding? {
        guard numbers.count > 1, let inner = numbers.last else { return nil }
        let paths = root.isEmpty ? "" : " Paths in its settings are those of the container."
        return .ok("container", "It is process \(inner) in a container; here it is \(pid).\(paths)")
    }

    /// A helper process needs the loader and the libraries there.
    private func rootDirectory(_ standby: StandbyPresence) -> Finding {
        let check = "root"
        let link = ProcFile.link("/proc/\(pid)/root")
        guard let link else { return .ok(check, "Which root directory it has cannot be told from here.") }
        guard link != "/" else { return .ok(check, "It has not changed its root directory.") }
        if standby.isThere {
            return .ok(check, "Its root directory is \(link) (chroot); the helper that stands by was started before.")
        }
        return .warning(
            check,
            "Its root directory is \(link) (chroot): the helper process finds no libraries there if they are "
                + "missing, and debug information is looked for below it.",
            do: "where the service changes it after set-up, GMR_HELPER_STANDBY=1 starts a helper process before; or "
                + "have /lib64/ld-linux-x86-64.so.2, /proc and the libraries of the service below \(link)")
    }

    private func threads(limit: Int) -> Finding {
        let check = "threads"
        let count = status.number("Threads") ?? UInt64(tasks.count)
        guard count > UInt64(limit) else { return .ok(check, "Threads: \(count); a report shows up to \(limit).") }
        return .warning(
            check, "It has \(count) threads; a report shows \(limit) and counts the rest.",
            do: limit < 4096
                ? "raise GMR_MAX_THREADS, up to 4096" : "find out who starts them: 4096 is as many as a report shows")
    }

    static func outOfMemory(_ text: String?) -> Finding {
        let check = "oom"
        guard let score = text.flatMap({ Int($0.filter { $0 != "\n" }) }) else {
            return .ok(check, "Its OOM score adjustment is not known.")
        }
        guard score >= 500 else { return .ok(check, "Its OOM score adjustment is \(score).") }
        return .warning(
            check, "Its OOM score adjustment is \(score): where memory runs out, it is among the first to be killed.",
            do: "lower it (systemd: OOMScoreAdjust=), unless that is meant")
    }
}
