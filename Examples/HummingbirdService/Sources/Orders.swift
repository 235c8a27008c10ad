import ServiceLifecycle

/// What was ordered, and for how much.
actor Ledger {
    struct Totals {
        var orders = 0
        var turnover = 0
        var highestPrice = 0
    }

    private let upstream: Upstream
    private(set) var totals = Totals()

    init(upstream: Upstream) { self.upstream = upstream }

    func price(of id: Int) async throws -> Int {
        let price = try await upstream.price(of: id)
        totals.highestPrice = max(totals.highestPrice, price)
        return price
    }

    func book(_ order: Order) {
        totals.orders += 1
        totals.turnover += order.price
    }
}

/// Another service, which takes its time.
struct Upstream: Sendable {
    func price(of id: Int) async throws -> Int {
        try await answer(after: .milliseconds(500 + id * 37 % 1500))
        return 100 + id % 900
    }

    func hasStock(of id: Int) async throws -> Bool {
        try await answer(after: .milliseconds(id * 53 % 1000))
        return !id.isMultiple(of: 7)
    }

    private func answer(after time: Duration) async throws {
        try await Task.sleep(for: time)
    }
}

/// Gives orders to couriers, several at a time: whoever wants one waits until the next round.
actor Dispatch: Service {
    private static let couriers = ["Ada", "Edsger", "Grace"]
    private static let round = Duration.milliseconds(700)

    private var waiting: [(order: Int, continuation: CheckedContinuation<String, Never>)] = []
    var waitingCount: Int { waiting.count }

    func courier(for order: Int) async -> String {
        await withCheckedContinuation { waiting.append((order, $0)) }
    }

    func run() async {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: Self.round)
                await self.assign()
            }
        }
    }

    private func assign() {
        for (order, continuation) in waiting {
            continuation.resume(returning: Self.couriers[order % Self.couriers.count])
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

/// Hears of every order, in its own time.
struct AuditLog: Service {
    private static let digestLength = 500
    private let orders: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation

    init() { (orders, continuation) = AsyncStream.makeStream(of: Int.self) }

    func record(_ order: Int) { continuation.yield(order) }

    func run() async {
        var page: [Int] = []
        for await order in orders.cancelOnGracefulShutdown() {
            page.append(order)
            guard page.count == Self.digestLength else { continue }
            let finished = page
            Task.detached(name: "audit digest", priority: .background) { Self.digest(of: finished) }
            page.removeAll(keepingCapacity: true)
        }
    }

    private static func digest(of page: [Int]) -> UInt64 {
        page.reduce(14_695_981_039_346_656_037) { digest, order in
            (digest ^ UInt64(truncatingIfNeeded: order)) &* 1_099_511_628_211
        }
    }
}
