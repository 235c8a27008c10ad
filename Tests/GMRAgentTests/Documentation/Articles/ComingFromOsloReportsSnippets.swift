import GMRAgent

/// The code of the article *Coming from oslo.reports*.
enum ComingFromOsloReportsSnippets {
    static func setUp() throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: Package(vendor: "Example", product: "orders", version: "1.4.2"), serviceName: "orders-api")
        // end
        return gmr
    }

    static func register(gmr: GuruMeditation) {
        // snippet
        gmr.registerSection("Connection pool") { ["size": 8, "waiting": 31] }
        // end
    }
}
