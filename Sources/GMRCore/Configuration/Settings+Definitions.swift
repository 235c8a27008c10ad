extension Settings {
    /// Every setting there is, in the order of the documentation's table, which is checked against this one.
    public static let definitions: [SettingDefinition] = [
        .flag("gmr.enable", \.isEnabled, "0: set nothing up and leave every signal alone"),
        signalsDefinition,
        crashSignalsDefinition,
        .text(
            "gmr.file.event.handler", \.fileEventHandler, type: "path", default: "none",
            "a file that triggers a report when it is touched or modified; it replaces the signals"),
        .seconds(
            "gmr.file.event.handler.interval", \.fileEventHandlerInterval, accepted: 0.01...3600,
            "how long the trigger file may go unlooked at, and the least time between two reports it triggers"),
        .flag("gmr.signals.beside.file", \.signalsBesideFile, "1: signals trigger reports beside the trigger file too"),
        .limit(
            "gmr.watchdog", \.watchdogLimit, accepted: 0.5...3600,
            "how long a heartbeat may go unanswered until the watchdog makes a report; without, there is no watchdog"),
        .seconds(
            "gmr.watchdog.pause", \.watchdogPause, accepted: 1...86_400,
            "the least time between two reports that the watchdog makes"),
        .text(
            "gmr.log.dir", \.logDirectory, type: "path", default: "standard error",
            "the folder for reports, a file each; made where it is missing"),
        formatsDefinition,
        .flag(
            "gmr.record", \.recordsAlways,
            "1: a raw record (`.gmr`, for `gmr render`) in the folder beside every report; without, where none can be made"
        ),
        .flag(
            "gmr.record.stacks", \.recordsStacks,
            "1: raw records hold what is on the stacks, secrets among it"),
        .flag(
            "gmr.core", \.writesCores,
            "1: a minicore for gdb in the folder beside every report; it holds what is on the stacks, secrets among it"),
        .limit(
            "gmr.max.reports", \.maximumReportCount, unit: nil, what: "reports",
            "reports of this service kept in the folder; older ones are removed"),
        .limit(
            "gmr.max.total.bytes", \.maximumTotalByteCount, unit: "bytes", what: "bytes",
            "what the reports of this service may take in the folder; older ones are removed, never the newest"),
        .words(
            "gmr.secret.keys", \.secretKeys, type: "list of words",
            "words that mark a key as secret, beside `password`, `token` and the others that are known"),
        .words(
            "gmr.environment", \.environmentVariables, type: "list of names",
            "environment variables that the Configuration section shows"),
        .milliseconds(
            "gmr.capture.deadline.ms", \.captureDeadline, accepted: 1...10_000, "how long threads have to answer"),
        .milliseconds(
            "gmr.task.search.ms", \.taskSearchLimit, accepted: 1...5_000,
            "how long the memory is searched for Swift tasks, at most; a GB takes a fifth of a second"),
        .milliseconds(
            "gmr.section.deadline.ms", \.sectionDeadline, accepted: 1...600_000,
            "how long a registered section may take that was given no time of its own"),
        .milliseconds(
            "gmr.helper.silence.ms", \.helperSilence, accepted: 1...600_000,
            "how long the helper process may be silent before a thread takes over"),
        .milliseconds(
            "gmr.crash.patience.ms", \.crashPatience, accepted: 4_000...60_000,
            "how long a thread that crashed waits for its report; the helper may be silent for a quarter of it then"),
        .text(
            "gmr.helper", \.helperProgram, type: "path", default: "the program itself",
            "a program that serves as the helper process, such as the tool `gmr`, of the same version"),
        .flag(
            "gmr.helper.standby", \.helperStandsBy,
            "1: the helper process is started at set-up and stands by: for reports where none may be started later, and "
                + "to say that the service ended without one"),
        .number(
            "gmr.max.threads", \.maximumThreadCount, accepted: 64...4096, what: "threads",
            "threads shown; further ones are counted"),
        .text(
            "gmr.debug.dir", \.debugDirectories, type: "paths, separated by colons", default: "/usr/lib/debug",
            "folders with separate debug information"),
        .flag(
            "gmr.system.lines", \.symbolizeSystemLibraries,
            "1: files and lines inside system libraries too, which takes longer"),
        .flag(
            "gmr.debuginfod", \.fetchDebugInformation,
            "1: debug information from debuginfod's cache; what a report lacked is fetched, after it is delivered, "
                + "from `DEBUGINFOD_URLS`"),
    ]

    private static let formatsDefinition = SettingDefinition(
        key: "gmr.format", type: "list of formats", defaultText: "text",
        meaning: "what a report is written as: `text`, `json`, `xml`, or several, separated by commas; "
            + "`both` is `text,json`",
        accepted: "text, json, xml, both",
        parse: { text, settings in
            var formats: [ReportFormat] = []
            for name in text.split(separator: ",").map({ SettingDefinition.trimmed($0).lowercased() }) {
                guard let named = name == "both" ? [.text, .json] : ReportFormat(rawValue: name).map({ [$0] }) else {
                    return ["is not a format"]
                }
                formats += named
            }
            if formats.isEmpty { return ["names no format"] }
            settings.formats = ReportFormat.allCases.filter(formats.contains)
            return []
        }, show: { $0.formats.map(\.rawValue).joined(separator: ",") })

    private static let signalsDefinition = listOfSignals(
        "gmr.signals", \.signals, default: [.usr2], example: "USR2,SIGRTMIN+3",
        "signals that trigger a report, such as `USR2,SIGRTMIN+3`; or `none`", complaint: \.reasonNotToTrigger)

    private static let crashSignalsDefinition = listOfSignals(
        "gmr.crash.signals", \.crashSignals, default: SignalNumber.crashes, example: "SEGV,ABRT,QUIT",
        "signals that end the process, and make a report before; or `none`", complaint: \.reasonNotToCrash)

    /// Signals that can be used are, even beside some that cannot.
    private static func listOfSignals(
        _ key: String, _ names: WritableKeyPath<Settings, [String]?> & Sendable, default standard: [SignalNumber],
        example: String, _ meaning: String, complaint: @escaping @Sendable (SignalNumber) -> String?
    ) -> SettingDefinition {
        SettingDefinition(
            key: key, type: "list of signals",
            defaultText: standard.map { String($0.name.dropFirst(3)) }.joined(separator: ","), meaning: meaning,
            accepted: "names such as \(example), or none",
            parse: { text, settings in
                if text.lowercased() == "none" {
                    settings[keyPath: names] = []
                    return []
                }
                var complaints: [String] = []
                var usable: [String] = []
                for text in text.split(separator: ",").map(String.init) {
                    guard let signal = SignalNumber(text) else {
                        complaints.append("names no signal (\(text))")
                        continue
                    }
                    if let reason = complaint(signal) {
                        complaints.append("names \(signal), which \(reason)")
                    } else if !usable.contains(signal.name) {
                        usable.append(signal.name)
                    }
                }
                if usable.isEmpty && complaints.isEmpty { complaints.append("names no signal") }
                if !usable.isEmpty { settings[keyPath: names] = usable }
                return complaints
            },
            show: { settings in
                let names = settings[keyPath: names] ?? standard.map(\.name)
                return names.isEmpty ? "none" : names.joined(separator: ",")
            })
    }
}
