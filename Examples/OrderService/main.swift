// A small order service that deadlocks: two threads take two mutexes in opposite order, three requests queue behind
// them, one thread computes, one reads from a socket that stays silent.
//
//     kill -USR2 PID          prints where every thread stands

import GMRAgent
import Glibc

let configuration = ConfigurationSnapshot(groups: [
    .init(
        name: "database",
        options: [
            .init(key: "host", value: "db-1.example"), .init(key: "password", value: "correct horse", isSecret: true),
        ])
])
let gmr = try GuruMeditation.setUpAutorun(
    package: Package(vendor: "Example", product: "orders", version: "1.4.2"), serviceName: "orders-api",
    configuration: configuration)

let ledger = Ledger()
gmr.registerSection("Connection pool") { ["size": 8, "in use": 8, "hosts": ["db-1.example", "db-2.example"]] }
gmr.registerSection("Open orders") {
    .table(columns: ["order", "state"], rows: [["17", "being paid"], ["18", "being shipped"]])
}

Thread.start("payments") { ledger.payThenShip() }
Thread.start("shipping") { ledger.shipThenPay() }
ledger.waitUntilBothHoldOneLock()
for number in 1...3 { Thread.start("request-\(number)") { ledger.total() } }
Thread.start("pricing") { computePrices() }
Thread.start("warehouse") { readFromWarehouse() }

print("orders-api runs as process \(getpid()) and is stuck. Try: kill -USR2 \(getpid())")
fflush(nil)
while true { pause() }
