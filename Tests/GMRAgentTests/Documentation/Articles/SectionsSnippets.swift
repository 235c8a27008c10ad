import GMRAgent

/// The code of the article *Sections*.
enum SectionsSnippets {
    actor Cache {
        var count: Int64 { 12 }
    }

    static func register(gmr: GuruMeditation, cache: Cache) {
        // snippet
        gmr.registerSection("Connection pool") {
            ["size": 8, "waiting": 31, "hosts": ["db-1", "db-2"]]
        }
        gmr.registerSection("Cache", deadline: .milliseconds(200)) {
            ["entries": .integer(await cache.count)]
        }
        // end
    }

    static func unregister(gmr: GuruMeditation) {
        // snippet
        let section = gmr.registerSection("Import") { "row 17 of 4000" }
        section.unregister()
        // end
    }

    static func kinds() -> SectionModel {
        // snippet
        let kinds: SectionModel = [
            "healthy": true,
            "load": 0.5,
            "leader": nil,
            "limits": ["soft": 4, "hard": 8],
            "hosts": ["db-1", "db-2"],
            "queues": .table(columns: ["queue", "length"], rows: [["mail", "3"], ["billing", "12"]]),
        ]
        // end
        return kinds
    }

    struct Pool {
        var size = 8
        var waiting = 31
    }

    static func encodable(gmr: GuruMeditation, pool: Pool) {
        // snippet
        struct PoolStatistics: Encodable {
            var size: Int
            var waiting: Int
            var oldestWaitSeconds: Double?
        }

        gmr.registerSection("Connection pool") {
            try SectionModel(encoding: PoolStatistics(size: pool.size, waiting: pool.waiting))
        }
        // end
    }
}
