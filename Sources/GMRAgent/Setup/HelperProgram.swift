import CUnwindShim
import GMRCore
import Glibc

/// A program of its own that the settings name as the helper process.
package enum HelperProgram {
    /// Why a program cannot serve: it `has another version of GMR`.
    package struct Problem {
        package var text: String
        /// What to do: `install that of the service there`.
        package var remedy: String
        package var isOtherVersion = false
    }

    /// Nil where the program can serve. Its version is held against that of the caller.
    package static func problem(_ path: String) -> Problem? {
        let result = -gmr_helper_check(path)
        switch result {
        case 0: return nil
        case EPROTO:
            return Problem(
                text: "has another version of GMR", remedy: "install that of the service there", isOtherVersion: true)
        case ENOEXEC:
            return Problem(
                text: "is no program with GMR in it",
                remedy: "name the tool gmr, or a program that is linked with GMRAgent")
        default:
            return Problem(
                text: "cannot be used: \(String(describingErrno: result))",
                remedy: "name an executable that the service may read and start, such as the tool gmr")
        }
    }

    /// The path as one that stays right when the service changes its working directory; nil, with a warning, where the
    /// program cannot serve.
    static func usable(_ path: String) -> String? {
        guard gmr_is_privileged() == 0 else {
            warn("\(name(path)) is not used in a set-user-ID program", remedy: "leave the setting out there")
            return nil
        }
        let absolute = path.hasPrefix("/") ? path : (ProcFile.link("/proc/self/cwd") ?? "") + "/" + path
        guard let problem = problem(absolute) else { return absolute }
        warn("\(name(path)) \(problem.text)", remedy: problem.remedy)
        return nil
    }

    /// After the set-up: why no helper stands by that should.
    static func standbyProblem(isOnDemand: Bool) -> String? {
        let setting = "GMR_HELPER_STANDBY=1 has no effect"
        if isOnDemand {
            return "\(setting) where GMR has no threads between reports; call gmr_set_up(), or set a trigger file."
        }
        guard let error = gmr_agent_arena()?.pointee.standby_error, error != 0 else { return nil }
        let reason = error == ENOTSUP ? "the program cannot be its own helper" : String(describingErrno: error)
        return "\(setting) yet: \(reason). It is tried again after each report; GMR_HELPER names another program."
    }

    private static func name(_ path: String) -> String { "GMR_HELPER=\(path)" }

    private static func warn(_ problem: String, remedy: String) {
        Setup.warn("\(problem); the helper process is the program itself. To change that, \(remedy).")
    }
}
