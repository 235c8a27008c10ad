import Testing

@testable import GMRCore

@Suite struct SettingsTests {
    @Test func theEnvironmentSetsEverything() {
        var settings = Settings()
        let problems = settings.apply(environment: [
            "GMR_ENABLE": "no", "GMR_FORMAT": "JSON", "GMR_LOG_DIR": "/var/log/orders",
            "GMR_SIGNALS": "usr1, SIGRTMIN+3,10", "GMR_CAPTURE_DEADLINE_MS": "250", "GMR_SECTION_DEADLINE_MS": "5000",
            "GMR_HELPER_SILENCE_MS": "3000", "GMR_HELPER": "/usr/bin/gmr", "GMR_MAX_THREADS": "64",
            "GMR_DEBUG_DIR": "/a:/b", "GMR_SYSTEM_LINES": "1", "GMR_HELPER_STANDBY": "1",
            "GMR_DEBUGINFOD": "on", "PATH": "/bin", "GMR_FILE_EVENT_HANDLER": "/run/orders.trigger",
            "GMR_FILE_EVENT_HANDLER_INTERVAL": "0.5", "GMR_SIGNALS_BESIDE_FILE": "1", "GMR_MAX_REPORTS": "20",
            "GMR_MAX_TOTAL_BYTES": "1000000", "GMR_SECRET_KEYS": "pin, puk", "GMR_ENVIRONMENT": "LANG,TZ",
            "GMR_WATCHDOG": "2.5", "GMR_WATCHDOG_PAUSE": "60", "GMR_TASK_SEARCH_MS": "4000",
            "GMR_CRASH_PATIENCE_MS": "15000",
        ])
        #expect(problems.isEmpty)
        #expect(
            settings
                == Settings(
                    isEnabled: false, signals: ["SIGUSR1", "SIGRTMIN+3"], fileEventHandler: "/run/orders.trigger",
                    fileEventHandlerInterval: .milliseconds(500), signalsBesideFile: true,
                    watchdogLimit: .milliseconds(2_500), watchdogPause: .seconds(60),
                    logDirectory: "/var/log/orders", formats: [.json], maximumReportCount: 20,
                    maximumTotalByteCount: 1_000_000, secretKeys: ["pin", "puk"], environmentVariables: ["LANG", "TZ"],
                    captureDeadline: .milliseconds(250), taskSearchLimit: .seconds(4), sectionDeadline: .seconds(5),
                    helperSilence: .seconds(3), crashPatience: .seconds(15),
                    helperProgram: "/usr/bin/gmr", helperStandsBy: true,
                    maximumThreadCount: 64, debugDirectories: "/a:/b", symbolizeSystemLibraries: true,
                    fetchDebugInformation: true))
    }

    @Test func whatIsNotSetStays() {
        var settings = Settings(
            signals: ["SIGHUP"], formats: [.text, .json], captureDeadline: .microseconds(1_500))
        let before = settings
        #expect(settings.apply(environment: ["GMR_FORMAT": "", "GMR_SIGNALS": ""]).isEmpty)
        #expect(settings == before)
    }

    @Test(arguments: [
        ("GMR_FORMAT", "xml2", "GMR_FORMAT=xml2 is not a format; using text. Accepted: text, json, xml, both"),
        ("GMR_ENABLE", "maybe", "GMR_ENABLE=maybe is neither yes nor no; using 1. Accepted: 1, 0"),
        (
            "GMR_CAPTURE_DEADLINE_MS", "0",
            "GMR_CAPTURE_DEADLINE_MS=0 is not a possible number of milliseconds; using 100. Accepted: 1 to 10000"
        ),
        (
            "GMR_HELPER_SILENCE_MS", "2s",
            "GMR_HELPER_SILENCE_MS=2s is not a possible number of milliseconds; using 2000. Accepted: 1 to 600000"
        ),
        (
            "GMR_MAX_THREADS", "99999999999999999999",
            "GMR_MAX_THREADS=99999999999999999999 is not a possible number of threads; using 4096. Accepted: 64 to 4096"
        ),
        (
            "GMR_MAX_THREADS", "63",
            "GMR_MAX_THREADS=63 is not a possible number of threads; using 4096. Accepted: 64 to 4096"
        ),
        (
            "GMR_FORMAT", "text,yaml",
            "GMR_FORMAT=text,yaml is not a format; using text. Accepted: text, json, xml, both"
        ),
        (
            "GMR_FILE_EVENT_HANDLER_INTERVAL", "soon",
            "GMR_FILE_EVENT_HANDLER_INTERVAL=soon is not a possible number of seconds; using 1. "
                + "Accepted: 0.01 to 3600"
        ),
        (
            "GMR_WATCHDOG", "0.1",
            "GMR_WATCHDOG=0.1 is not a possible number of seconds; using none. Accepted: 0.5 to 3600, or none"
        ),
        (
            "GMR_WATCHDOG_PAUSE", "none",
            "GMR_WATCHDOG_PAUSE=none is not a possible number of seconds; using 600. Accepted: 1 to 86400"
        ),
        (
            "GMR_MAX_REPORTS", "0",
            "GMR_MAX_REPORTS=0 is not a possible number of reports; using none. Accepted: 1 or more, or none"
        ),
        (
            "GMR_SIGNALS", "KILL",
            "GMR_SIGNALS=KILL names SIGKILL, which cannot be caught; using SIGUSR2. "
                + "Accepted: names such as USR2,SIGRTMIN+3, or none"
        ),
        (
            "GMR_SIGNALS", "NOSUCH",
            "GMR_SIGNALS=NOSUCH names no signal (NOSUCH); using SIGUSR2. "
                + "Accepted: names such as USR2,SIGRTMIN+3, or none"
        ),
        (
            "GMR_SIGNALS", ",",
            "GMR_SIGNALS=, names no signal; using SIGUSR2. Accepted: names such as USR2,SIGRTMIN+3, or none"
        ),
    ])
    func aBadValueIsToldAndTheDefaultKept(variable: String, value: String, message: String) {
        var settings = Settings()
        let problems = settings.apply(environment: [variable: value])
        #expect(problems.map(\.description) == [message])
        #expect(settings == Settings())
    }

    @Test(arguments: [
        ("both", [ReportFormat.text, .json]), ("xml,text", [.text, .xml]), ("JSON, json", [.json]),
        ("both,xml", [.text, .json, .xml]),
    ])
    func formatsMayBeSeveral(text: String, formats: [ReportFormat]) {
        var settings = Settings()
        #expect(settings.apply(environment: ["GMR_FORMAT": text]).isEmpty)
        #expect(settings.formats == formats)
    }

    /// The key of a configuration file and the environment variable are one name.
    @Test func everySettingHasItsOwnNameAndTakesWhatItShows() {
        #expect(Set(Settings.definitions.map(\.key)).count == Settings.definitions.count)
        for definition in Settings.definitions {
            #expect(definition.variable.hasPrefix("GMR_") && definition.key.hasPrefix("gmr."))
            var settings = Settings()
            let shown = definition.show(Settings())
            #expect(settings.apply(shown, to: definition, named: definition.key).isEmpty, "\(definition.key)=\(shown)")
        }
    }

    @Test func goodSignalsAreTakenBesideBadOnes() {
        var settings = Settings()
        let problems = settings.apply(environment: ["GMR_SIGNALS": "SEGV,USR1,PROF"])
        #expect(settings.signals == ["SIGUSR1"])
        #expect(
            problems.map(\.complaint) == [
                "names SIGSEGV, which means that the program failed", "names SIGPROF, which is how stacks are captured",
            ])
        #expect(problems.map(\.used) == ["SIGUSR1", "SIGUSR1"])
    }

    @Test func theWatchdogCanBeTurnedOffAgain() {
        var settings = Settings(watchdogLimit: .seconds(5))
        #expect(settings.apply(environment: ["GMR_WATCHDOG": "none"]).isEmpty)
        #expect(settings.watchdogLimit == nil)
    }

    @Test func noSignalAtAll() {
        var settings = Settings()
        #expect(settings.apply(environment: ["GMR_SIGNALS": "none"]).isEmpty)
        #expect(settings.signals == [])
    }

    @Test func aMessageIsOneLineAndCutShort() {
        var settings = Settings()
        let problems = settings.apply(environment: ["GMR_FORMAT": "a\u{1B}[2J\n" + String(repeating: "b", count: 500)])
        #expect(problems[0].description.hasPrefix("GMR_FORMAT=a\\x1b[2J\\x0abbb"))
        #expect(problems[0].description.utf8.count < 200)
    }
}
