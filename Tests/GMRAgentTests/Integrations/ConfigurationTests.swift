#if Configuration
    import Configuration
    import Foundation
    import GMRAgent
    import Testing

    extension AgentTests {
        @Suite struct ConfigurationReaders {
            @Test func settingsAreReadUnderTheirKeys() {
                let provider = InMemoryProvider(values: [
                    "gmr.log.dir": "/var/log/orders",
                    "gmr.signals": .init(.stringArray(["USR1", "USR2"]), isSecret: false),
                    "gmr.file.event.handler.interval": 2, "gmr.max.reports": 20, "gmr.enable": false,
                    "gmr.format": "text,xml", "gmr.max.threads": 1,
                ])
                var settings = Settings()
                let problems = settings.apply(ConfigReader(provider: provider))
                #expect(
                    problems.map(\.description) == [
                        "gmr.max.threads=1 is not a possible number of threads; using 4096. Accepted: 64 to 4096"
                    ])
                #expect(
                    settings
                        == Settings(
                            isEnabled: false, signals: ["SIGUSR1", "SIGUSR2"], fileEventHandlerInterval: .seconds(2),
                            logDirectory: "/var/log/orders", formats: [.text, .xml], maximumReportCount: 20))
            }

            /// The keys of a file and the variables of the environment are the same names.
            @Test func theEnvironmentsNamesAreThoseOfTheKeys() {
                let variables = Dictionary(uniqueKeysWithValues: Settings.definitions.map { ($0.variable, "found") })
                let reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables))
                for definition in Settings.definitions {
                    #expect(reader.string(forKey: ConfigKey(definition.key)) == "found", "\(definition.key)")
                }
            }

            @Test func listsAndBytesThatAreSecretAreKnownByTheirParts() throws {
                let recorder = ConfigurationRecorder()
                let reader = ConfigReader(
                    provider: InMemoryProvider(values: [
                        "api.ids": .init(.stringArray(["first-long-id", "second-long-id"]), isSecret: true),
                        "api.seal": .init(.bytes(Array("sealed-letters".utf8)), isSecret: true),
                    ]), accessReporter: recorder)
                _ = reader.stringArray(forKey: "api.ids")
                _ = reader.bytes(forKey: "api.seal")
                let masker = SecretMasker(knownSecrets: recorder.snapshot.secrets(keys: SecretKeys()))
                #expect(masker.masked("32 bytes: second-long-id, sealed-letters") == "32 bytes: ***, ***")
            }

            @Test func whatIsReadBecomesTheConfigurationSection() async throws {
                let recorder = ConfigurationRecorder()
                let reader = ConfigReader(
                    providers: [
                        EnvironmentVariablesProvider(environmentVariables: ["DATABASE_HOST": "db-1"]),
                        InMemoryProvider(name: "defaults", values: ["database.port": 5432]),
                    ], accessReporter: recorder)
                _ = reader.string(forKey: "database.host")
                let gmr = try GuruMeditation.setUpAutorun(
                    package: "tests", reader: reader, recorder: recorder, settings: Settings(signals: ["USR1"]))
                defer { stop(gmr) }
                let first = try await gmr.report()
                #expect(first.configuration.groups.map(\.name) == ["database"])
                #expect(first.configuration.groups[0].options.map(\.key) == ["host"])
                #expect(first.configuration.groups[0].options[0].value == "db-1")
                #expect(first.configuration.groups[0].options[0].provider?.contains("EnvironmentVariables") == true)

                _ = reader.int(forKey: "database.port")
                _ = reader.string(forKey: "database.login", isSecret: true, default: "correct horse")
                _ = reader.string(forKey: "database.nothing")
                _ = reader.int(forKey: "timeout", default: 30)
                let second = try await gmr.report()
                #expect(second.configuration.groups.map(\.name) == ["database", "DEFAULT"])
                let options = second.configuration.groups[0].options
                #expect(options.map(\.key) == ["host", "login", "port"])
                #expect(options.map(\.shownValue) == ["db-1", "***", "5432"])
                #expect(options.map(\.isSecret) == [false, true, false])
                #expect(options[1].provider == "default" && options[2].provider?.contains("defaults") == true)
            }
        }
    }
#endif
