import Hummingbird

/// What clients ask for.
struct OrderRoutes: Sendable {
    let ledger: Ledger
    let upstream: Upstream
    let dispatch: Dispatch
    let audit: AuditLog

    func add(to router: Router<BasicRequestContext>) {
        router.get("orders/:id", use: order)
        router.get("orders/:id/express", use: expressOrder)
        router.get("orders/:id/delivery", use: delivery)
    }

    @Sendable func order(_ request: Request, context: BasicRequestContext) async throws -> Order {
        let id = try context.parameters.require("id", as: Int.self)
        let order = try await quote(id)
        await ledger.book(order)
        audit.record(id)
        return order
    }

    private func quote(_ id: Int) async throws -> Order {
        let price = try await ledger.price(of: id)
        let isInStock = try await upstream.hasStock(of: id)
        return Order(id: id, price: price, isInStock: isInStock)
    }

    /// Takes precedence over other orders, and asks for everything at once.
    @Sendable func expressOrder(_ request: Request, context: BasicRequestContext) async throws -> Order {
        let id = try context.parameters.require("id", as: Int.self)
        let express = Task(name: "express order \(id)", priority: .high) {
            async let price = ledger.price(of: id)
            async let isInStock = upstream.hasStock(of: id)
            return try await Order(id: id, price: price, isInStock: isInStock)
        }
        let order = try await express.value
        await ledger.book(order)
        audit.record(id)
        return order
    }

    @Sendable func delivery(_ request: Request, context: BasicRequestContext) async throws -> Delivery {
        let id = try context.parameters.require("id", as: Int.self)
        let courier = await dispatch.courier(for: id)
        audit.record(id)
        return Delivery(order: id, courier: courier)
    }
}

struct Order: ResponseEncodable {
    var id: Int
    var price: Int
    var isInStock: Bool
}

struct Delivery: ResponseEncodable {
    var order: Int
    var courier: String
}
