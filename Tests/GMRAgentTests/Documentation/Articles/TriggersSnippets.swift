import GMRAgent

/// The code of the article *Triggers*.
enum TriggersSnippets {
    static func signals() throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: "orders", settings: Settings(signals: ["USR2", "RTMIN+3"]))
        // end
        return gmr
    }

    static func aFile() throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(package: "orders", fileEventHandler: "/run/orders/report")
        // end
        return gmr
    }

    static func aCall(gmr: GuruMeditation) async throws -> String {
        // snippet
        let report = try await gmr.report()
        let text = TextRenderer.render(report)
        let json = JSONRenderer.render(report)
        // end
        return text + json
    }
}
