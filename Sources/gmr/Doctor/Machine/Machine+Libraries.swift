import GMRAgent

extension Machine {
    static func libunwind(isLoaded: Bool) -> Finding {
        let name = "libunwind-x86_64.so.8"
        return isLoaded
            ? .ok("libunwind", "\(name) can be loaded.")
            : .problem(
                "libunwind", "\(name) cannot be loaded: set-up fails.",
                do: "install it (Debian and Ubuntu: apt-get install libunwind8), in the service's container too")
    }

    static func libdw(isLoaded: Bool) -> Finding {
        isLoaded
            ? .ok("libdw", "libdw.so.1 can be loaded.")
            : .problem(
                "libdw", "libdw.so.1 cannot be loaded: a program with GMR does not start.",
                do: "install it (Debian and Ubuntu: apt-get install libdw1), in the service's container too")
    }

    /// Nobody needs it: functions that a library exports have their names from the library itself.
    static func systemDebugInformation(file: String?) -> Finding {
        let check = "system debug information"
        if let file { return .ok(check, "The C library has debug information: \(file).") }
        return .ok(
            check,
            "The C library has no debug information, which is as usual: reports name the functions it exports. "
                + "libc6-dbg would name the others.")
    }

    static func cores(limits: ResourceLimits) -> Finding {
        cores(CorePattern(ProcFile.text("/proc/sys/kernel/core_pattern") ?? ""), limits: limits)
    }

    static func cores(_ pattern: CorePattern, limits: ResourceLimits) -> Finding {
        let check = "core dumps"
        switch pattern {
        case .program(let program) where program.hasSuffix("/systemd-coredump"):
            return .ok(check, "Core dumps go to systemd-coredump: coredumpctl debug PID.")
        case .program(let program):
            return .ok(check, "Core dumps go to the program \(program).")
        case .none:
            return .warning(
                check, "There are no core dumps: kernel.core_pattern is empty. GMR makes no report of a crash either.",
                do: "sysctl -w kernel.core_pattern=core, or install systemd-coredump")
        case .file(let name):
            let place = name.hasPrefix("/") ? name : "\(name) in the directory where the process is"
            guard limits.limit("Max core file size") == 0 else { return .ok(check, "Core dumps go to \(place).") }
            return .warning(
                check,
                "Core dumps would go to \(place), but their size is limited to 0. GMR makes no report of a crash "
                    + "either.",
                do: "ulimit -c unlimited before the service starts (systemd: LimitCORE=infinity)")
        }
    }

    /// Nil where there is enough of it, or where nobody knows.
    static func availableMemory(_ memory: KeyedText) -> Finding? {
        guard let available = memory.kibibytes("MemAvailable"), available < 3 * MemoryGroup.neededBytes else {
            return nil
        }
        return .warning(
            "available memory",
            "\(available >> 20) MiB of memory are available on this machine; a report takes about "
                + "\(MemoryGroup.neededBytes >> 20).",
            do: "find out who has it: ps aux --sort=-rss | head")
    }
}
