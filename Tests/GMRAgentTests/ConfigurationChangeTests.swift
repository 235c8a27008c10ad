import GMRAgent
import Testing

extension AgentTests {
    /// A configuration that changes while the service runs, and its secrets.
    @Suite struct ConfigurationChangeTests {
        private static func configuration(password: String) -> ConfigurationSnapshot {
            ConfigurationSnapshot(["database": ["password": .text(password), "host": "db-1"]])
        }

        @Test func secretsStayKnownWhenTheyAreReplaced() async throws {
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", signals: [], configuration: Self.configuration(password: "first-hunter"))
            defer { stop(gmr) }
            gmr.registerSection("Said") { "first-hunter second-hunter third-hunter from-the-vault" }
            try gmr.updateConfiguration(Self.configuration(password: "second-hunter"))
            try gmr.updateConfiguration(Self.configuration(password: "third-hunter"))
            gmr.registerSecret("from-the-vault")
            let report = try await gmr.report()
            #expect(report.sections.map(\.data) == ["*** *** *** ***"])
            #expect(report.configuration.groups[0].options.map(\.shownValue) == ["***", "db-1"])
        }

        /// A service that is given a new token every minute does not run out of room for them.
        @Test func ofManySecretsTheLastAreKnown() async throws {
            let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [])
            defer { stop(gmr) }
            @Sendable func token(_ number: Int) -> String { "\(number)-" + String(repeating: "x", count: 10_000) }
            for number in 0..<60 { gmr.registerSecret(token(number)) }
            gmr.registerSection("Said") { .text(token(59)) }
            gmr.registerSection("Said") { .text(token(40)) }
            gmr.registerSection("Said") { .text(token(0)) }
            #expect(try await gmr.report().sections.map(\.data) == ["***", "***", .text(token(0))])
        }

        @Test func oneThatIsTooLargeIsRefused() async throws {
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", signals: [], configuration: Self.configuration(password: "first-hunter"))
            defer { stop(gmr) }
            var large = Self.configuration(password: "second-hunter")
            large.groups[0].options.append(.init(key: "x", value: String(repeating: "x", count: 1 << 20)))
            let error = #expect(throws: GuruMeditationError.self) { try gmr.updateConfiguration(large) }
            #expect(error?.code == .configurationTooLarge)
            #expect(try await gmr.report().configuration.groups[0].options.map(\.key) == ["password", "host"])
        }
    }
}
