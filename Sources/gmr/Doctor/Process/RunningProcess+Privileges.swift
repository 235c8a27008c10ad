extension RunningProcess {
    static func dumpable(owner: UInt32?, user: UInt32?) -> Finding {
        let check = "dumpable"
        guard let owner, let user, owner != user else {
            return .ok(check, "Its own files in /proc are open to it.")
        }
        return .warning(
            check,
            "It is not dumpable (by setuid, file capabilities or PR_SET_DUMPABLE): it may not read all of its own "
                + "files in /proc, so threads that sleep get a signal and may see EINTR.",
            do: "prctl(PR_SET_DUMPABLE, 1) once privileges are given up, if that is allowed")
    }

    static func sandbox(mode: String, gainsNoPrivileges: Bool, standby: StandbyPresence) -> Finding {
        let check = "sandbox"
        let privileges = gainsNoPrivileges ? " It gains no privileges by exec, which GMR does not need." : ""
        switch mode {
        case "0": return .ok(check, "No seccomp filter restricts it.\(privileges)")
        case "1":
            return .problem(
                check, "Strict seccomp allows it read, write and exit alone: it cannot make a report.",
                do: "use a filter instead, which allows what GMR needs")
        case _ where standby.isOutsideOfFilter:
            return .warning(
                check,
                "A seccomp filter is on it, but not on its helper, which stands by. What it refuses, reports lack."
                    + privileges,
                do: "see Completeness of a report; allow clone, sendmsg, process_vm_readv, pidfd_getfd, unshare")
        default:
            return .warning(
                check,
                "A seccomp filter is on it. If that refuses clone or execveat, there is no helper process, and a "
                    + "thread finishes reports.\(privileges)",
                do: "where the service puts it on after set-up, GMR_HELPER_STANDBY=1 starts a helper process before; "
                    + "or allow clone, execveat, process_vm_readv, pidfd_getfd, unshare; see Completeness of a report")
        }
    }
}
