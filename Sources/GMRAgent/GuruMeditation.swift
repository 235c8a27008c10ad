import CUnwindShim
@_exported import GMRCore
import Glibc
import Synchronization

/// Makes Guru Meditation Reports of this process.
///
/// ```swift
/// let gmr = try GuruMeditation.setUpAutorun(
///     package: Package(vendor: "Example", product: "orders", version: "1.4.2"),
///     serviceName: "orders-api")                      // kill -USR2 PID → stderr
/// gmr.registerSection("Connection pool") { ["size": 8, "waiting": .integer(pool.waiting)] }
/// ```
///
/// One for a process: it owns signal handlers. A value of any thread; it may be dropped, reports go on until
/// `stop()`. A child of `fork()` has none until it calls `setUpAutorun` itself, and registers its sections anew.
public final class GuruMeditation: Sendable {
    /// What is in force, after arguments, environment and defaults.
    public let settings: Settings
    /// Where it was set up: a fork child has neither the threads nor the memory that make reports.
    private let pid = getpid()

    static let current = Mutex<GuruMeditation?>(nil)

    /// Nil where there is none.
    let watchdog: Watchdog?

    private init(settings: Settings, watchdog: Watchdog?) {
        self.settings = settings
        self.watchdog = watchdog
    }

    /// Makes the process answer its trigger signals with a report.
    ///
    /// Values given here win over the environment (`GMR_FORMAT`, `GMR_LOG_DIR`, `GMR_SIGNALS`, … as
    /// `Settings.apply(environment:)` lists them), the environment wins over `settings`. A value of the environment
    /// that cannot be used costs one line on standard error and changes nothing; one given here is thrown.
    /// - Parameters:
    ///   - package: What the Package section says; a string literal names the product alone.
    ///   - serviceName: In file names and in the report; nil: the executable's name.
    ///   - signals: What triggers a report; nil: as set, or SIGUSR2.
    ///   - logDirectory: Where each report becomes a file `SERVICE_gurumeditation_YYYYmmddHHMMSS`; made where it is
    ///     missing. Nil: as set, or standard error.
    ///   - fileEventHandler: A file that triggers a report when it is touched or modified; it must exist. Signals are
    ///     then left alone, whatever `signals` says, unless `Settings.signalsBesideFile`. Nil: as set, or none.
    ///   - settings: Where neither an argument nor the environment says otherwise.
    ///   - configuration: What the Configuration section says. Secrets in it are masked wherever they turn up.
    ///   - sinks: Where reports go; nil: to standard error, unless a directory is named. A directory that is named is
    ///     served beside them.
    ///   - setUpSignals: False: no signal is touched but SIGPROF; `report()` makes one, and a trigger file.
    /// - Throws: `GuruMeditationError`: set up already, a signal that cannot trigger, a directory that cannot be
    ///   written, a trigger file that is not there, or what the system refused.
    /// Blocks for some milliseconds: threads are started and the unwinder is warmed up.
    @discardableResult
    public static func setUpAutorun(
        package: Package, serviceName: String? = nil, signals: [SignalNumber]? = nil, logDirectory: String? = nil,
        fileEventHandler: String? = nil, settings: Settings = Settings(),
        configuration: ConfigurationSnapshot = ConfigurationSnapshot(), sinks: [any ReportSink]? = nil,
        setUpSignals: Bool = true
    ) throws(GuruMeditationError) -> GuruMeditation {
        let setup = try Setup(
            package: package, serviceName: serviceName, signals: signals, logDirectory: logDirectory,
            fileEventHandler: fileEventHandler, settings: settings, configuration: configuration, sinks: sinks,
            setUpSignals: setUpSignals)
        return try start(setup)
    }

    /// For a program without Swift of its own, in which nobody sets up anew after `fork()`: its children answer too.
    /// - Parameter isOnDemand: There are no threads of GMR's between reports, unless a trigger file is watched:
    ///   no sections, no watchdog, and no `report()`.
    package static func setUpNative(
        package: Package, serviceName: String?, settings: Settings, isOnDemand: Bool
    ) throws(GuruMeditationError) -> GuruMeditation {
        var setup = try Setup(
            package: package, serviceName: serviceName, signals: nil, logDirectory: nil, fileEventHandler: nil,
            settings: settings, configuration: ConfigurationSnapshot(), sinks: nil, setUpSignals: true)
        setup.followsForks = true
        setup.isOnDemand = isOnDemand && setup.record.settings.fileEventHandler == nil
        setup.watchedAtFirst = isOnDemand ? .nothingEver : .nothing
        return try start(setup)
    }

    private static func start(_ setup: Setup) throws(GuruMeditationError) -> GuruMeditation {
        try current.withLock { current throws(GuruMeditationError) in
            if let current {
                if current.pid == getpid() { throw GuruMeditationError(.alreadySetUp) }
                SectionRegistry.shared.removeAll()
                ReportObservers.shared.removeAll()
                TaskLocals.shared.hideAll()
            }
            let agent = GuruMeditation(settings: setup.record.settings, watchdog: setup.watchdog())
            if setup.record.settings.isEnabled { try setup.install() }
            if let error = agent.watchdog?.start(), error != 0 {
                Setup.warn("there is no watchdog: no thread for it: \(String(describingErrno: error)).")
            }
            current = agent
            return agent
        }
    }

    /// Adds a section to every report from now on, after those registered before it.
    ///
    /// The generator runs on a thread of its own for each report, never inside a signal handler. One that throws, does
    /// not finish in time or returns more than 1 MiB costs its own section only; while it has not come back it is not
    /// started again. Titles need not differ. Of any thread.
    /// - Parameters:
    ///   - deadline: How long it may take; nil: `Settings.sectionDeadline`.
    /// - Returns: What takes the section out again.
    @discardableResult
    public func registerSection(
        _ title: String, deadline: Duration? = nil, generator: @escaping @Sendable () throws -> SectionModel
    ) -> SectionRegistration {
        register(title, deadline: deadline, generator: .synchronous(generator))
    }

    /// The same for a generator that awaits. It is a task: where the threads of the concurrency pool are all blocked
    /// it never starts, and the section says so.
    @discardableResult
    public func registerSection(
        _ title: String, deadline: Duration? = nil, generator: @escaping @Sendable () async throws -> SectionModel
    ) -> SectionRegistration {
        register(title, deadline: deadline, generator: .asynchronous(generator))
    }

    private func register(
        _ title: String, deadline: Duration?, generator: SectionGenerator
    ) -> SectionRegistration {
        guard isInForce else { return SectionRegistration(number: 0) }
        return SectionRegistry.shared.register(title, deadline: deadline, generator: generator)
    }

    /// Replaces what the Configuration section says from now on, but for the environment variables that the settings
    /// name. Of any thread.
    /// - Throws: `GuruMeditationError` with `configurationTooLarge`; reports go on showing the one before.
    public func updateConfiguration(_ configuration: ConfigurationSnapshot) throws(GuruMeditationError) {
        guard isInForce else { return }
        var configuration = configuration
        configuration.show(settings.environmentVariables, of: Setup.environment())
        guard ConfigurationRegistry.shared.set(configuration) else {
            throw GuruMeditationError(.configurationTooLarge, "\(configuration.wireBytes.count) bytes")
        }
    }

    /// Has a value masked wherever it turns up in a report, such as one that came from a vault and stands in no
    /// configuration. Values of fewer than 4 characters are not searched for; of the rest, the last 256 KiB are kept.
    /// Where the configuration leaves no room for it, that costs a line on standard error. Of any thread.
    public func registerSecret(_ secret: String) {
        guard isInForce, !ConfigurationRegistry.shared.add(secret: secret) else { return }
        Setup.warn("\(GuruMeditationError(.configurationTooLarge, "too much")) Until then a secret may be printed.")
    }

    /// Calls a closure after each report with how it went. It runs on GMR's worker thread and should be quick; in a
    /// process that is stuck it may not run. Of any thread; until `stop()`.
    public func addObserver(_ observer: @escaping @Sendable (ReportSummary) -> Void) {
        guard isInForce else { return }
        ReportObservers.shared.add(observer: observer)
    }

    /// Makes a report and returns it; nothing is written anywhere.
    ///
    /// The threads of the cooperative pool go on meanwhile. Where a stuck thread holds the allocator's lock this
    /// waits as everything else does; a signal's report does not.
    /// - Throws: `GuruMeditationError` with `notSetUp` after `stop()` or when it is called meanwhile, in a fork child,
    ///   or where `GMR_ENABLE=0`; with `reportFailed` where the agent's own memory is damaged, or where it took so long
    ///   that it was given up.
    public func report() async throws(GuruMeditationError) -> Report {
        let answer = await withCheckedContinuation { continuation in request { continuation.resume(returning: $0) } }
        return try answer.get()
    }

    /// Makes a report and writes it to a descriptor, in the formats of the settings. Blocks until that is done.
    /// - Throws: As `report()`, and `reportFailed` where the descriptor does not take it.
    @available(*, noasync, message: "use report()")
    package func writeReport(to descriptor: Int32) throws(GuruMeditationError) {
        let answer = AwaitedAnswer()
        request { answer.give($0) }
        let report = try answer.wait().get()
        let rendered = FinishedReport(report: report, formats: settings.formats).rendered
        let problem = PatientWriter().write(rendered, to: descriptor)
        if problem != 0 {
            let reason = String(describingErrno: problem)
            throw GuruMeditationError(
                .reportFailed, "writing to descriptor \(descriptor) failed: \(reason)", errorNumber: problem)
        }
    }

    private func request(_ answer: @escaping ReportRequests.Request) {
        guard isInForce else { return answer(.failure(GuruMeditationError(.notSetUp))) }
        let number = ReportRequests.shared.add(of: self, answer)
        // stop() fails all requests it finds; one added after that must not wait for ever.
        if isInForce {
            gmr_agent_trigger(UInt32(GMR_TRIGGER_API))
        } else {
            ReportRequests.shared.fail(number, with: GuruMeditationError(.notSetUp))
        }
    }

    var isInForce: Bool {
        settings.isEnabled && pid == getpid() && GuruMeditation.current.withLock { $0 === self }
    }

    /// Puts earlier signal handlers back and ends GMR's threads, after the report under way if there is one.
    /// `setUpAutorun` may be called again afterwards. Does nothing the second time.
    @available(*, noasync, message: "waits for a report under way; call it from a thread of your own")
    public func stop() {
        guard pid == getpid() else { return }
        let wasCurrent = GuruMeditation.current.withLock { current in
            guard current === self else { return false }
            current = nil
            return true
        }
        guard wasCurrent, settings.isEnabled else { return }
        watchdog?.stop()
        gmr_agent_stop()
        ReportRequests.shared.failAll(of: self, with: GuruMeditationError(.notSetUp))
        SectionRegistry.shared.removeAll()
        ReportObservers.shared.removeAll()
        TaskLocals.shared.hideAll()
    }
}
