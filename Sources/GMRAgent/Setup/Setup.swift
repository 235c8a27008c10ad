import CUnwindShim
import GMRCore
import Glibc

/// One set-up: what the caller, the environment and the defaults come to, checked.
package struct Setup {
    var record: SetupRecord
    var signals: [SignalNumber]
    /// Those that end the process.
    var crashSignals: [SignalNumber]
    /// Fork children answer too, without sections.
    var followsForks = false
    /// No threads but for the time of a report, and so no sections, no `report()` and no trigger file.
    var isOnDemand = false
    var watchedAtFirst = WatchedAtFirst.tasks
    /// Beside the outputs that the helper process serves.
    var sinks: [any ReportSink] = []

    init(
        package: Package, serviceName: String?, signals: [SignalNumber]?, logDirectory: String?,
        fileEventHandler: String?, settings: Settings, configuration: ConfigurationSnapshot,
        sinks: [any ReportSink]?, setUpSignals: Bool
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
        settings.helperProgram = settings.helperProgram.flatMap(HelperProgram.usable)
        let outputs = try Self.outputs(
            logDirectory: logDirectory, settings: settings, sinks: sinks, ownSinks: &self.sinks)
        settings.logDirectory = outputs.directory
        settings.fileEventHandler = try Self.triggerFile(
            argument: fileEventHandler, set: settings.fileEventHandler, environment: environment)
        self.signals = []
        if setUpSignals, settings.fileEventHandler == nil || settings.signalsBesideFile {
            self.signals = signals ?? settings.signals.map { $0.compactMap { SignalNumber($0) } } ?? [.usr2]
        }
        settings.signals = self.signals.map(\.name)
        crashSignals = []
        if setUpSignals {
            let triggers = self.signals
            crashSignals = (settings.crashSignals?.compactMap { SignalNumber($0) } ?? SignalNumber.crashes)
                .filter { !triggers.contains($0) && $0.reasonNotToCrash == nil }
        }
        settings.crashSignals = crashSignals.map(\.name)

        let executable = ProcFile.link("/proc/self/exe")
        let name = serviceName ?? Self.name(ofExecutable: executable)
        var configuration = configuration
        configuration.show(settings.environmentVariables, of: environment)
        let secretKeys = SecretKeys(extraWords: settings.secretKeys)
        record = SetupRecord(
            package: package, serviceName: name, settings: settings, outputs: outputs,
            configuration: ConfigurationRecord(configuration: configuration, secretKeys: secretKeys),
            executable: executable, arguments: ProcFile.strings("/proc/self/cmdline"), host: Self.hostName(),
            started: ProcessFacts.startTime(of: getpid()),
            debuginfod: settings.fetchDebugInformation ? DebuginfodEnvironment(environment: environment) : nil,
            memoryGroup: settings.helperStandsBy ? MemoryGroupState.own() : nil)
    }

    /// A directory and standard error are the helper's to serve, whoever named them; the other sinks are the service's
    /// own. A directory among the settings is served beside the sinks: who runs the service asked for it.
    private static func outputs(
        logDirectory: String?, settings: Settings, sinks: [any ReportSink]?, ownSinks: inout [any ReportSink]
    ) throws(GuruMeditationError) -> StandardOutputs {
        var outputs = StandardOutputs(directory: nil, isStandardErrorServed: false)
        if let logDirectory {
            outputs.directory = try usable(logDirectory)
        } else if let set = settings.logDirectory {
            do {
                outputs.directory = try usable(set)
            } catch {
                warn("\(error) Until then reports go to standard error.")
                outputs.isStandardErrorServed = true
            }
        }
        for sink in sinks ?? [] {
            if sink is StandardErrorSink {
                outputs.isStandardErrorServed = true
            } else if let sink = sink as? DirectorySink {
                let path = try usable(sink.directory)
                if outputs.directory == nil {
                    outputs.directory = path
                } else if outputs.directory != path {
                    ownSinks.append(DirectorySink(path))
                }
            } else {
                ownSinks.append(sink)
            }
        }
        if outputs.isEmpty && ownSinks.isEmpty { outputs.isStandardErrorServed = true }
        return outputs
    }

    private static func usable(_ directory: String) throws(GuruMeditationError) -> String {
        let directory = LogDirectory(directory)
        let problem = directory.prepare()
        if problem == 0 { return directory.path }
        throw GuruMeditationError(.unusableLogDirectory, directory.path, errorNumber: problem)
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

    package static var executableName: String { name(ofExecutable: ProcFile.link("/proc/self/exe")) }

    /// The last part of its path.
    private static func name(ofExecutable path: String?) -> String {
        path.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "service"
    }

    /// `Process.environment` without Foundation. Empty in a set-user-ID program: whoever starts it must not say where
    /// it writes.
    package static func environment() -> [String: String] {
        if gmr_is_privileged() != 0 { return [:] }
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

    package static func warn(_ line: String) {
        DescriptorStream().writeLine("gmr: \(line)")
    }
}
