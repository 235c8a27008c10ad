import Foundation
import GMRAgent
import Testing

extension AgentTests {
    /// Code of the articles that says what comes out, run. Reports are asked for by `report()`, so nothing is written.
    @Suite struct DocumentationRuns {
        @Test func theReadmesServiceHasItsSectionAndHidesItsPassword() async throws {
            let gmr = try READMESnippets.setUp()
            defer { stop(gmr) }
            let report = try await gmr.report()
            #expect(report.package == Package(vendor: "Example", product: "orders", version: "1.4.2"))
            #expect(report.sections.map(\.title) == ["Connection pool"])
            let text = TextRenderer.render(report)
            #expect(text.contains("password = ***") && !text.contains("correct horse"))
        }

        @Test func aSectionLooksAsItIsShown() throws {
            let article = try #require(try Article.all().first { $0.name == "Sections.md" })
            let text = TextRenderer.section(Section(title: "Kinds", data: SectionsSnippets.kinds()))
            let lines = text.split(separator: "\n").map { line in
                String(line.reversed().drop { $0 == " " }.reversed())
            }
            #expect(try article.text().contains("```text\n\(lines.joined(separator: "\n"))\n```"))
        }

        @Test func sectionsAreRegisteredAsShown() async throws {
            let gmr = try TriggersSnippets.signals()
            defer { stop(gmr) }
            #expect(gmr.settings.signals == ["SIGUSR2", "SIGRTMIN+3"])
            SectionsSnippets.register(gmr: gmr, cache: SectionsSnippets.Cache())
            SectionsSnippets.unregister(gmr: gmr)
            SectionsSnippets.encodable(gmr: gmr, pool: SectionsSnippets.Pool())
            // The one that awaits may find all threads of the pool busy with other tests.
            let report = try await report(of: gmr) { $0.sections.allSatisfy { $0.error == nil } }
            #expect(report.sections.map(\.title) == ["Connection pool", "Cache", "Connection pool"])
            #expect(report.sections[1].data == ["entries": 12])
            #expect(report.sections[2].data == ["size": 8, "waiting": 31])
            let text = try await TriggersSnippets.aCall(gmr: gmr)
            #expect(text.contains("trigger = the program asked for it") && text.contains(#""schema": "gmr-report/1""#))
        }

        @Test func secretsAreKnownInEachWay() async throws {
            let gmr = try AddReportsSnippets.configuration(login: "swordfish", tokenFromTheVault: "from the vault")
            defer { stop(gmr) }
            gmr.registerSection("Leaks") {
                [
                    "iban": "DE02120300000000202051", "by value": "swordfish; from the vault; hunter22",
                    "by place": "amqp://nova:hunter33@host token=hunter44", "accounts": 3,
                ]
            }
            let text = TextRenderer.render(try await gmr.report())
            for secret in ["DE0212", "swordfish", "from the vault", "hunter"] { #expect(!text.contains(secret)) }
            #expect(text.contains("host = db-1.example") && text.contains("accounts = 3"))
            #expect(text.contains("by value = ***; ***; ***"))
        }
    }
}
