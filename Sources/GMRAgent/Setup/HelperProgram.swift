import CUnwindShim
import GMRCore
import Glibc

/// A program of its own that the settings name as the helper process.
enum HelperProgram {
    /// The path as one that stays right when the service changes its working directory; nil, with a warning, where the
    /// program cannot serve.
    static func usable(_ path: String) -> String? {
        guard gmr_is_privileged() == 0 else {
            warn("\(name(path)) is not used in a set-user-ID program", remedy: "leave the setting out there")
            return nil
        }
        let absolute = path.hasPrefix("/") ? path : (ProcFile.link("/proc/self/cwd") ?? "") + "/" + path
        let result = -gmr_helper_check(absolute)
        if result == 0 { return absolute }
        switch result {
        case EPROTO: warn("\(name(path)) has another version of GMR", remedy: "install that of the service there")
        case ENOEXEC:
            warn(
                "\(name(path)) is no program with GMR in it",
                remedy: "name the tool gmr, or a program that is linked with GMRAgent")
        default:
            warn(
                "\(name(path)) cannot be used: \(String(describingErrno: result))",
                remedy: "name an executable that the service may read and start, such as the tool gmr")
        }
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
