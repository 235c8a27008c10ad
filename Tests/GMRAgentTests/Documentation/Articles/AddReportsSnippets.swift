import GMRAgent

#if Configuration
    import Configuration
#endif
#if Logging
    import Logging
#endif
#if ServiceLifecycle
    import ServiceLifecycle
#endif

/// The code of the article *Add reports to a service*.
enum AddReportsSnippets {
    static func setUp() throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: Package(vendor: "Example", product: "orders", version: "1.4.2"),
            serviceName: "orders-api")
        // end
        return gmr
    }

    static func aDirectory() throws {
        // snippet
        try GuruMeditation.setUpAutorun(
            package: "orders", logDirectory: "/var/log/orders",
            settings: Settings(formats: [.text, .json], maximumReportCount: 20, maximumTotalByteCount: 50_000_000))
        // end
    }

    protocol Channel: Sendable {
        func post(_ text: String) throws
    }

    static func sinks(channel: any Channel) throws {
        // snippet
        try GuruMeditation.setUpAutorun(
            package: "orders",
            sinks: [
                StandardErrorSink(),
                DirectorySink("/var/log/orders"),
                CallbackSink(name: "the incident channel") { report in
                    try channel.post(report.rendered(as: .text))
                },
            ])
        // end
    }

    static func configuration(login: String, tokenFromTheVault: String) throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: "orders",
            settings: Settings(secretKeys: ["iban"], environmentVariables: ["TZ", "LANG"]),
            configuration: ConfigurationSnapshot(groups: [
                .init(
                    name: "database",
                    options: [
                        .init(key: "host", value: "db-1.example"),
                        .init(key: "login", value: login, isSecret: true),
                        .init(key: "url", value: "postgres://orders:hunter22@db-1.example/orders"),
                    ])
            ]))
        gmr.registerSecret(tokenFromTheVault)
        // end
        return gmr
    }

    #if ServiceLifecycle && Logging
        static func services(server: any Service, logger: Logger) async throws {
            // snippet
            let gmr = try GuruMeditation.setUpAutorun(package: "orders")
            let group = ServiceGroup(
                services: [GuruMeditationService(gmr), server],
                gracefulShutdownSignals: [.sigterm], logger: logger)
            try await group.run()
            // end
        }
    #endif

    #if Configuration && Logging && Metrics
        static func readers(logger: Logger) throws {
            // snippet
            let recorder = ConfigurationRecorder()
            let config = ConfigReader(provider: EnvironmentVariablesProvider(), accessReporter: recorder)
            let gmr = try GuruMeditation.setUpAutorun(
                package: "orders", reader: config, recorder: recorder,
                sinks: [StandardErrorSink(), LoggerSink(logger, level: .warning)])
            gmr.recordMetrics()
            // end
        }
    #endif

    #if YAML
        static func yaml(gmr: GuruMeditation) throws {
            // snippet
            let configuration = try ConfigurationSnapshot(yaml: "database: {host: db-1.example, pool: {size: 8}}")
            try gmr.updateConfiguration(configuration)
            // end
        }
    #endif

    static func ask(gmr: GuruMeditation) async throws {
        // snippet
        let report = try await gmr.report()
        print(report.threads.count, report.completeness.gaps)

        gmr.addObserver { summary in
            print(summary.trigger.kind, summary.threadCount, summary.isDelivered ?? true)
        }
        // end
    }
}
