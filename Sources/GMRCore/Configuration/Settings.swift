/// How reports are made and where they go. Plain values: `apply(environment:)` takes over what the environment says,
/// integrations other sources, and a program sets what it likes. Every setting has its entry in `definitions`.
public struct Settings: Sendable, Equatable {
    /// False where nothing at all is to be set up, as in a program that must not be touched though the library is
    /// loaded into it.
    public var isEnabled: Bool
    /// Names of the signals that trigger a report, as `SignalNumber` reads them; nil: SIGUSR2; empty: none.
    public var signals: [String]?
    /// Names of the signals whose coming ends the process with a report, as `SignalNumber` reads them; nil:
    /// `SignalNumber.crashes`; empty: none.
    public var crashSignals: [String]?
    /// A file that triggers a report when it is touched or modified, in the place of signals; nil: none.
    /// `file_event_handler` of oslo.reports.
    public var fileEventHandler: String?
    /// How long that file may go unlooked at, and the least time between two of its reports.
    /// `file_event_handler_interval` of oslo.reports.
    public var fileEventHandlerInterval: Duration
    /// Whether signals trigger reports even where there is a trigger file.
    public var signalsBesideFile: Bool
    /// How long a heartbeat of the watchdog may go unanswered before that makes a report; nil: there is no watchdog.
    public var watchdogLimit: Duration?
    /// The least time between two reports that the watchdog makes.
    public var watchdogPause: Duration
    /// The folder for reports, one file each; nil: reports go to standard error. `log_dir` of oslo.reports.
    public var logDirectory: String?
    /// What a report is written as; each format in a file of its own, or one after the other on standard error. Empty
    /// counts as text.
    public var formats: [ReportFormat]
    /// Whether a raw record, which `gmr render` makes a report from, is written beside every report; without, only where
    /// no report can be made. It needs the folder.
    public var recordsAlways: Bool
    /// Whether raw records hold what is on the threads' stacks. There may be secrets in it.
    public var recordsStacks: Bool
    /// Whether a minicore is written beside every report: a small core file from which gdb shows the backtraces of all
    /// threads. There may be secrets in it, for it holds what is on their stacks. It needs the folder.
    public var writesCores: Bool
    /// So many reports of the service are kept in the folder, the newest; nil: all.
    public var maximumReportCount: Int?
    /// The reports of the service in the folder take no more bytes than this, or only one is left; nil: no limit.
    public var maximumTotalByteCount: Int?
    /// Words that mark a key as secret, beside those that `SecretKeys` knows.
    public var secretKeys: [String]
    /// Names of environment variables that the Configuration section shows.
    public var environmentVariables: [String]
    /// How long threads have to answer; one that does not is shown with what `/proc` says of it.
    public var captureDeadline: Duration
    /// How long the process's memory is searched for Swift tasks, at most; in a crash a fifth of a second, and by the
    /// helper as long as this. What was found by then is shown.
    public var taskSearchLimit: Duration
    /// How long one registered section may take that was given no time of its own; one that takes longer is shown as
    /// missing.
    public var sectionDeadline: Duration
    /// How long the helper process may say nothing before the worker thread finishes the report.
    public var helperSilence: Duration
    /// How long a thread that crashed waits for its report; after that the process ends without one, or with what little
    /// the thread can say. Of it, the helper and the worker may each be silent for a quarter at most.
    public var crashPatience: Duration
    /// An executable that serves as the helper process, such as the tool `gmr`; nil: the program's own.
    public var helperProgram: String?
    /// Whether a helper process is started at set-up, and stands by until the service ends: sandboxes that forbid to start
    /// one do not reach it, and it says so where the service ended without a report. False: one for each report.
    public var helperStandsBy: Bool
    /// More threads than this are counted in the report, but not shown.
    public var maximumThreadCount: Int
    /// Folders with separate debug information, separated by colons; nil: `/usr/lib/debug`.
    public var debugDirectories: String?
    /// Whether files and lines are looked up in the debug information of system libraries too. That costs time;
    /// their function names are always shown.
    public var symbolizeSystemLibraries: Bool
    /// Whether debuginfod is used: its local cache is searched for debug information, and what a report lacked is
    /// fetched into that cache once the report is delivered, for the next one. False: nothing of it is touched.
    public var fetchDebugInformation: Bool

    /// The defaults of GMR, but for what is given.
    public init(
        isEnabled: Bool = true, signals: [String]? = nil, crashSignals: [String]? = nil,
        fileEventHandler: String? = nil, fileEventHandlerInterval: Duration = .seconds(1),
        signalsBesideFile: Bool = false, watchdogLimit: Duration? = nil, watchdogPause: Duration = .seconds(600),
        logDirectory: String? = nil, formats: [ReportFormat] = [.text],
        recordsAlways: Bool = false, recordsStacks: Bool = false, writesCores: Bool = false,
        maximumReportCount: Int? = nil, maximumTotalByteCount: Int? = nil, secretKeys: [String] = [],
        environmentVariables: [String] = [], captureDeadline: Duration = .milliseconds(100),
        taskSearchLimit: Duration = .seconds(1),
        sectionDeadline: Duration = .seconds(1), helperSilence: Duration = .seconds(2),
        crashPatience: Duration = .seconds(10), helperProgram: String? = nil, helperStandsBy: Bool = false,
        maximumThreadCount: Int = 4096, debugDirectories: String? = nil, symbolizeSystemLibraries: Bool = false,
        fetchDebugInformation: Bool = false
    ) {
        self.isEnabled = isEnabled
        self.signals = signals
        self.crashSignals = crashSignals
        self.fileEventHandler = fileEventHandler
        self.fileEventHandlerInterval = fileEventHandlerInterval
        self.signalsBesideFile = signalsBesideFile
        self.watchdogLimit = watchdogLimit
        self.watchdogPause = watchdogPause
        self.logDirectory = logDirectory
        self.formats = formats
        self.recordsAlways = recordsAlways
        self.recordsStacks = recordsStacks
        self.writesCores = writesCores
        self.maximumReportCount = maximumReportCount
        self.maximumTotalByteCount = maximumTotalByteCount
        self.secretKeys = secretKeys
        self.environmentVariables = environmentVariables
        self.captureDeadline = captureDeadline
        self.taskSearchLimit = taskSearchLimit
        self.sectionDeadline = sectionDeadline
        self.helperSilence = helperSilence
        self.crashPatience = crashPatience
        self.helperProgram = helperProgram
        self.helperStandsBy = helperStandsBy
        self.maximumThreadCount = maximumThreadCount
        self.debugDirectories = debugDirectories
        self.symbolizeSystemLibraries = symbolizeSystemLibraries
        self.fetchDebugInformation = fetchDebugInformation
    }
}
