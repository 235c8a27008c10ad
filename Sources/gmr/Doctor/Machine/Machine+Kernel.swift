import GMRAgent

extension Machine {
    static func kernel(release: String, machine: String) -> Finding {
        let check = "kernel"
        guard machine == "x86_64" else {
            return .problem(
                check, "The processor is \(machine); GMR reads the registers and stacks of x86-64 alone.",
                do: "run the service on an x86-64 machine")
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        if let major = numbers.first, (major, numbers.count > 1 ? numbers[1] : 0) < (5, 6) {
            return .warning(
                check, "Linux \(release) is older than 5.6 and has no pidfd_getfd.",
                do: "update the kernel; until then a service must leave GMR's descriptors open")
        }
        return .ok(check, "Linux \(release) on x86-64.")
    }

    static func calls(_ probe: SystemCallProbe) -> Finding {
        calls(refused: probe.refused, names: SystemCallProbe.names)
    }

    static func calls(refused: [SystemCallProbe.Call], names: [String]) -> Finding {
        let check = "calls"
        guard !refused.isEmpty else { return .ok(check, "Every system call works: \(names.joined(separator: ", ")).") }
        let losses = refused.map { "\($0.name): \($0.loss)" }.joined(separator: "; ")
        let text = "System calls are refused here. \(losses)."
        let advice =
            "allow them in the sandbox of the service (SystemCallFilter= of systemd, the seccomp profile of "
            + "the container); on an old kernel, update it"
        return refused.contains(where: \.isEssential)
            ? .problem(check, text, do: advice) : .warning(check, text, do: advice)
    }

    static func sandbox(_ status: KeyedText) -> Finding {
        let check = "sandbox"
        guard let mode = status["Seccomp"] else { return .ok(check, "This kernel knows no seccomp.") }
        return mode == "0"
            ? .ok(check, "No seccomp filter restricts this process.")
            : .ok(check, "A seccomp filter is on this process (mode \(mode)); the calls above were tried under it.")
    }

    static func proc(_ mounts: Mounts, isReadable: Bool) -> Finding {
        let check = "proc"
        guard isReadable else {
            return .problem(
                check, "/proc cannot be read: threads cannot be found.",
                do: "mount it where the service runs: mount -t proc proc /proc")
        }
        let mount = mounts.mount(at: "/proc")
        if mount?.option("subset") == "pid" {
            return .warning(
                check, "/proc shows processes alone (subset=pid): reports lack times and memory.",
                do: "mount /proc without subset=pid (systemd: ProcSubset=all)")
        }
        let hidden = mount?.option("hidepid") ?? "0"
        if !["0", "off"].contains(hidden) {
            return .warning(
                check,
                "/proc hides the processes of other users (hidepid=\(hidden)): reports and this tool see the "
                    + "service's own.",
                do: "run this tool as the user of the process, or as root")
        }
        return .ok(check, "/proc is mounted, and hides no process.")
    }

    /// GMR reads its own process, which the scope does not restrict, and names its tracer, which 2 and 3 do not allow.
    static func attaching(scope: String?) -> Finding {
        let check = "ptrace_scope"
        let own = "GMR needs that for threads that mask SIGPROF while they run, or that were refused a mutex."
        switch scope?.filter({ $0 != "\n" }) {
        case nil: return .ok(check, "kernel.yama.ptrace_scope is not there: debuggers may attach. \(own)")
        case "0": return .ok(check, "kernel.yama.ptrace_scope is 0: debuggers may attach. \(own)")
        case "1": return .ok(check, "kernel.yama.ptrace_scope is 1: gdb attaches as root, or to its children. \(own)")
        case "2": return .ok(check, "kernel.yama.ptrace_scope is 2: gdb attaches as root only. \(own)")
        case .some(let other): return .ok(check, "kernel.yama.ptrace_scope is \(other): nobody may attach. \(own)")
        }
    }

    static func inotify(instances: UInt64?, watches: UInt64?) -> Finding {
        let check = "inotify"
        guard let instances, let watches else {
            return .warning(
                check, "This kernel has no inotify: a trigger file is looked at once each interval.",
                do: "ask for reports by a signal, or wait for up to GMR_FILE_EVENT_HANDLER_INTERVAL")
        }
        guard instances >= 16, watches >= 64 else {
            return .warning(
                check,
                "A user may have \(instances) inotify instances and \(watches) watches: where they are used "
                    + "up, a trigger file is looked at once each interval.",
                do: "raise fs.inotify.max_user_instances and fs.inotify.max_user_watches (sysctl -w)")
        }
        return .ok(check, "A user may have \(instances) inotify instances, for trigger files too.")
    }
}
