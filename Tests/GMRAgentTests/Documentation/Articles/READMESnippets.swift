import GMRAgent

/// The code of README.md.
enum READMESnippets {
    static func setUp() throws -> GuruMeditation {
        // snippet
        let gmr = try GuruMeditation.setUpAutorun(
            package: Package(vendor: "Example", product: "orders", version: "1.4.2"),
            serviceName: "orders-api",
            configuration: ConfigurationSnapshot(groups: [
                .init(
                    name: "database",
                    options: [
                        .init(key: "host", value: "db-1.example"),
                        .init(key: "password", value: "correct horse"),
                    ])
            ]))

        gmr.registerSection("Connection pool") {
            ["size": 8, "in use": 8, "hosts": ["db-1.example", "db-2.example"]]
        }
        // end
        return gmr
    }
}
