import CUnwindShim
import GMRCore
import Glibc

/// One set-up: what the caller, the environment and the defaults come to, checked.
struct Setup {
    var record: SetupRecord
    var signals: [SignalNumber]

    init(
        package: Package, serviceName: String?, signals: [SignalNumber]?, logDirectory: String?,
        fileEventHandler: String?, settings: Settings, configuration: ConfigurationSnapshot, setUpSignals: Bool
    ) throws(GuruMeditationError) {
        var settings = settings
        let environment = Self.environment()
        for problem in settings.apply(environment: environment) { Self.warn(problem.description) }
        settings.keepWithinLimits()
        for signal in signals ?? [] {
            if let reason = signal.reasonNotToTrigger {
                throw GuruMeditationError(.unusableSignal, "\(signal) \(reason)")
            }
        }
        settings.logDirectory = try Self.usableLogDirectory(argument: logDirectory, set: settings.logDirectory)
        settings.fileEventHandler = try Self.triggerFile(
            argument: fileEventHandler, set: settings.fileEventHandler, environment: environment)
        self.signals = []
        if setUpSignals, settings.fileEventHandler == nil || settings.signalsBesideFile {
            self.signals = signals ?? settings.signals.map { $0.compactMap { SignalNumber($0) } } ?? [.usr2]
        }
        settings.signals = self.signals.map(\.name)

        let executable = ProcFile.link("/proc/self/exe")
        let name = serviceName ?? executable.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "service"
        record = SetupRecord(
            package: package, serviceName: name, settings: settings, configuration: configuration,
            executable: executable, arguments: ProcFile.strings("/proc/self/cmdline"), host: Self.hostName(),
            started: ProcessFacts.startTime(of: getpid()),
            debuginfod: settings.fetchDebugInformation ? DebuginfodEnvironment(environment: environment) : nil)
    }

    func install() throws(GuruMeditationError) {
        let bytes = record.wireBytes
        let watchedPath = record.settings.fileEventHandler.flatMap { strdup($0) }
        defer { free(watchedPath) }
        let numbers = signals.map(\.rawValue)
        var step: UnsafePointer<CChar>?
        let result = bytes.withUnsafeBytes { bytes in
            numbers.withUnsafeBufferPointer { numbers in
                var config = gmr_agent_config_t()
                config.setup = bytes.baseAddress
                config.setup_bytes = UInt32(clamping: bytes.count)
                config.signals = numbers.baseAddress
                config.signal_count = UInt32(numbers.count)
                config.watched_path = UnsafePointer(watchedPath)
                config.watch_interval_ns = record.settings.fileEventHandlerInterval.nanoseconds
                config.thread_capacity = UInt32(clamping: record.settings.maximumThreadCount)
                config.capture_deadline_ns = record.settings.captureDeadline.nanoseconds
                config.helper_silence_ns = record.settings.helperSilence.nanoseconds
                config.finish = { arena, kinds in
                    guard let arena else { return 0 }
                    return Worker.finish(arena: arena, kinds: kinds) ? 1 : 0
                }
                config.make_sections = { arena, generation in
                    if let arena { SectionRegistry.shared.run(into: arena, generation: generation) }
                }
                return gmr_agent_install(&config, &step)
            }
        }
        guard result == 0 else {
            let what = step.map { String(cString: $0) } ?? ""
            throw GuruMeditationError(.systemRefused, what, errorNumber: -result)
        }
        SectionRegistry.shared.deadline = record.settings.sectionDeadline
    }

    /// An argument that cannot be used is thrown; a setting only costs a warning and standard error is used.
    private static func usableLogDirectory(
        argument: String?, set: String?
    ) throws(GuruMeditationError) -> String? {
        guard let directory = argument ?? set else { return nil }
        let absolute = directory.hasPrefix("/") ? directory : (ProcFile.link("/proc/self/cwd") ?? "") + "/" + directory
        let problem = DirectorySink.problem(of: absolute)
        if problem == 0 { return absolute }
        let error = GuruMeditationError(.unusableLogDirectory, absolute, errorNumber: problem)
        if argument != nil { throw error }
        warn("\(error) Until then reports go to standard error.")
        return nil
    }

    /// A trigger file that is not there is thrown. What the environment says may still come true: it is watched for.
    private static func triggerFile(
        argument: String?, set: String?, environment: [String: String]
    ) throws(GuruMeditationError) -> String? {
        guard let file = (argument ?? set).map(TriggerFile.init) else { return nil }
        guard let problem = file.problem else { return file.path }
        let isFromEnvironment = argument == nil && environment["GMR_FILE_EVENT_HANDLER"]?.isEmpty == false
        guard isFromEnvironment else { throw problem }
        warn("\(problem) Until then it triggers nothing.")
        return file.path
    }

    /// `Process.environment` without Foundation.
    private static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }

    private static func hostName() -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
            gethostname(name.baseAddress!, 255) == 0 ? String(cString: name.baseAddress!) : nil
        }
    }

    private static func warn(_ line: String) {
        StandardErrorSink().writeLine("gmr: \(line)")
    }
}
