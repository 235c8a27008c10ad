import GMRAgent

#if Configuration
    import Configuration
#endif

/// The code of the article *Settings*.
enum AllSettingsSnippets {
    static func anArgument() throws {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: "orders",
            settings: Settings(signals: ["USR2", "RTMIN+3"], logDirectory: "/var/log/orders", maximumReportCount: 20))
        // end
        gmr.stop()
    }

    #if Configuration
        static func aReader(config: ConfigReader) throws {
            // snippet
            let gmr = try GuruMeditation.setUpAutorun(package: "orders", reader: config)
            // end
            gmr.stop()
        }
    #endif

    static func anySource(values: [String: String]) throws -> GuruMeditation {
        // snippet
        var settings = Settings()
        for definition in Settings.definitions {
            guard let text = values[definition.key] else { continue }
            for problem in settings.apply(text, to: definition, named: definition.key) { print(problem) }
        }
        let gmr = try GuruMeditation.setUpAutorun(package: "orders", settings: settings)
        // end
        return gmr
    }
}
