import GMRAgent

/// The code of the landing page.
enum GMRAgentSnippets {
    static func setUp(waiting: @escaping @Sendable () -> Int64) throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(package: "orders")
        gmr.registerSection("Connection pool") { ["size": 8, "waiting": .integer(waiting())] }
        // end
        return gmr
    }
}
