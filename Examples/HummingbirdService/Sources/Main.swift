// A service of orders on Hummingbird. Its requests await an actor, another service, tasks of their own and a callback,
// and none of them blocks a thread.
//
//     swift run --package-path Examples/HummingbirdService
//     curl localhost:8080/orders/17
//     kill -USR2 PID          prints the line at which every request waits

import GMRAgent
import Hummingbird
import Logging
import Synchronization

@main struct Main {
    static func main() async throws {
        let gmr = try GuruMeditation.setUpAutorun(package: "orders", serviceName: "orders-api")
        let logger = Logger(label: "orders-api")
        gmr.addObserver { logger.notice("a report was made", metadata: ["trigger": "\($0.trigger.kind)"]) }

        let upstream = Upstream()
        let ledger = Ledger(upstream: upstream)
        let dispatch = Dispatch()
        let audit = AuditLog()
        let inFlight = InFlight()
        gmr.registerSection("Requests") { ["in flight": .integer(Int64(inFlight.count))] }
        gmr.registerSection("Ledger") {
            let totals = await ledger.totals
            return ["orders": .integer(Int64(totals.orders)), "turnover": .integer(Int64(totals.turnover))]
        }
        gmr.registerSection("Dispatch") { ["waiting for a courier": .integer(Int64(await dispatch.waitingCount))] }

        let router = Router()
        router.add(middleware: inFlight)
        router.get("health") { _, _ in HTTPResponse.Status.ok }
        OrderRoutes(ledger: ledger, upstream: upstream, dispatch: dispatch, audit: audit).add(to: router)

        let port = Environment().get("PORT", as: Int.self) ?? 8080
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            // They end in the reverse order: requests under way still get their couriers, and all may be reported.
            services: [GuruMeditationService(gmr), audit, dispatch], logger: logger)
        try await app.runService()
    }
}

/// Counts the requests that have come and were not answered yet.
final class InFlight: RouterMiddleware {
    private let counter = Atomic(0)
    var count: Int { counter.load(ordering: .relaxed) }

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        counter.add(1, ordering: .relaxed)
        defer { counter.subtract(1, ordering: .relaxed) }
        return try await next(request, context)
    }
}
