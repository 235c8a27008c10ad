import GMRCore
import Glibc

/// Debug information that a report lacks, to be fetched with `debuginfod-find` for the next report: what is asked for,
/// and what the report says of it.
struct DebugInformationFetch {
    /// What keeps a helper from leaving a process behind.
    enum Obstacle {
        /// The service is PID 1 or a child subreaper: it would get a child it never had.
        case serviceAdoptsOrphans
        /// An earlier report's fetch may still be at work.
        case earlierFetch
    }

    static let moduleLimit = 8
    static let secondsLimit = 60

    /// For Completeness.
    let gap: String
    /// A path and its arguments; nil where nothing is fetched, `gap` says why.
    let command: [String]?

    /// Nil where there is nothing to be had: all is here, or the servers said lately that they have none.
    init?(for modules: [CapturedModule], environment: DebuginfodEnvironment, obstacle: Obstacle?) {
        let wanted = modules.filter {
            guard let buildID = $0.buildIDText else { return false }
            return !Self.wasRefused(buildID, in: environment.cacheDirectories)
        }
        guard !wanted.isEmpty else { return nil }
        let chosen = wanted.prefix(Self.moduleLimit)
        let share = chosen.count < wanted.count ? " (\(chosen.count) of \(wanted.count))" : ""
        let names = chosen.map(\.name).joined(separator: ", ") + share
        let find = Self.program("debuginfod-find", in: environment.searchPath)
        let timeout = Self.program("timeout", in: environment.searchPath)
        guard let find, let timeout, environment.namesServers, obstacle != .serviceAdoptsOrphans else {
            let reason =
                if find == nil {
                    "debuginfod-find is not installed: apt-get install debuginfod"
                } else if timeout == nil {
                    "timeout is not installed: apt-get install coreutils"
                } else if !environment.namesServers {
                    "DEBUGINFOD_URLS was not when the service started: set it to the servers to ask"
                } else {
                    "nothing is fetched for a process that is PID 1 or a child subreaper, because it would become the "
                        + "parent of what fetches: start it under an init process"
                }
            gap = "\(names): no debug information; GMR_DEBUGINFOD=1 is set but \(reason)"
            command = nil
            return
        }
        guard obstacle == nil else {
            gap = "\(names): debug information is being fetched since an earlier report"
            command = nil
            return
        }
        gap = "\(names): debug information is being fetched for the next report"
        command =
            [timeout, "-s", "KILL", "\(Self.secondsLimit)", "/bin/sh", "-c", Self.script, find]
            + chosen.compactMap(\.buildIDText)
    }

    private static let script = #"for id do "$0" debuginfo "$id"; done"#

    /// A file without a byte is the client's note that no server had it; it asks again when that is ten minutes old.
    private static func wasRefused(_ buildID: String, in caches: [String]) -> Bool {
        caches.contains { cache in
            var status = stat()
            return stat("\(cache)/\(buildID)/debuginfo", &status) == 0 && status.st_size == 0
                && time(nil) - status.st_mtim.tv_sec <= 600
        }
    }

    private static func program(_ name: String, in directories: [String]) -> String? {
        directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
