import GMRAgent
import GMRCore
import Glibc

/// This machine, as the tool itself meets it: what holds for a service in another sandbox is for the service's PID.
enum Machine {
    /// - Parameter isAsked: About itself; beside a process, what that has of its own is left out here.
    static func findings(isAsked: Bool) -> [Finding] {
        let status = KeyedText(ProcFile.text("/proc/self/status") ?? "")
        let environment = Setup.environment()
        var findings = [
            kernel(release: name(\.release), machine: name(\.machine)),
            calls(SystemCallProbe()),
            sandbox(status),
            proc(Mounts(ProcFile.text("/proc/self/mountinfo") ?? ""), isReadable: status["Pid"] != nil),
            libunwind(isLoaded: isLoadable("libunwind-x86_64.so.8")),
            libdw(isLoaded: isLoadable("libdw.so.1")),
            systemDebugInformation(),
            attaching(scope: ProcFile.text("/proc/sys/kernel/yama/ptrace_scope")),
            inotify(
                instances: number("/proc/sys/fs/inotify/max_user_instances"),
                watches: number("/proc/sys/fs/inotify/max_user_watches")),
        ]
        findings += availableMemory(KeyedText(ProcFile.text("/proc/meminfo") ?? "")).map { [$0] } ?? []
        guard isAsked else { return findings }
        findings.append(cores(limits: ResourceLimits(ProcFile.text("/proc/self/limits") ?? "")))
        findings += MemoryGroup.findings(pid: "self", check: "memory")
        findings += SettingChecks.findings(environment)
        findings += WatchdogChecks(.machine, environment).findings()
        findings += ReportPlaces(status: status, root: "", workingDirectory: ProcFile.link("/proc/self/cwd"))
            .findings(SettingChecks.settings(environment), isSetUp: false)
        return findings
    }

    private static func name<Field>(_ field: KeyPath<utsname, Field>) -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "?" }
        return withUnsafeBytes(of: names[keyPath: field]) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func number(_ path: String) -> UInt64? {
        ProcFile.text(path).flatMap { UInt64($0.filter { $0 != "\n" }) }
    }

    /// As set-up does it: for itself alone.
    private static func isLoadable(_ library: String) -> Bool {
        guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else { return false }
        dlclose(handle)
        return true
    }

    /// Of the C library, which every stack ends in.
    private static func systemDebugInformation() -> Finding {
        let maps = MappedFiles(ProcFile.text("/proc/self/maps") ?? "")
        let library = maps.code.first { $0.path.hasSuffix("/libc.so.6") }?.path
        let buildID = library.flatMap { ELFFacts(path: $0) }?.buildID
        let file = buildID.flatMap {
            DebugFile.find(buildID: $0, in: SettingChecks.settings(Setup.environment()), root: "")
        }
        return systemDebugInformation(file: file)
    }
}
