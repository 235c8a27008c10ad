import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// Old reports go while a service makes new ones.
    @Suite(.timeLimit(.minutes(5))) struct RetentionOfServiceTests {
        private static let arguments = ["--service-name", "orders", "--log-dir", "DIR/reports", "--observe"]

        private func makeReports(_ count: Int, by service: ServiceProcess) throws {
            for _ in 0..<count {
                service.send(SIGUSR2)
                try #expect(service.process.readLine() == "delivered")
            }
        }

        @Test func theNewestStay() throws {
            try ServiceProcess.with(Self.arguments, environment: ["GMR_MAX_REPORTS": "5"]) { service in
                let directory = service.directory("reports", of: "orders")
                let foreign = ["notes", "orders_two_gurumeditation_20200101000000", "orders_gurumeditation_2020"]
                for name in foreign { try Data().write(to: directory.url.appending(path: name)) }
                var newest: String?
                for _ in 0..<30 {
                    try makeReports(1, by: service)
                    newest = try directory.newestName()
                    _ = try TextReport(file: directory.url.appending(path: #require(newest)))
                }
                try #expect(directory.names().count == 5)
                let all = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
                #expect(all.count == 8 && Set(foreign).isSubset(of: all))
            }
        }

        @Test func theyTakeSoManyBytes() throws {
            try ServiceProcess.with(Self.arguments, environment: ["GMR_MAX_TOTAL_BYTES": "40000"]) { service in
                let directory = service.directory("reports", of: "orders")
                try makeReports(30, by: service)
                let sizes = try directory.names().map { name in
                    let path = directory.url.appending(path: name).path
                    return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
                }
                #expect(sizes.count > 1 && sizes.count < 30)
                #expect(sizes.reduce(0, +) <= 40_000)
            }
        }

        /// Each counts the other's reports too, and neither trips over what the other one removes.
        @Test func twoServicesMayShareADirectory() throws {
            try ServiceProcess.with(Self.arguments, environment: ["GMR_MAX_REPORTS": "5"]) { one in
                let shared = one.directory("reports", of: "orders")
                let arguments = ["--service-name", "orders", "--log-dir", shared.url.path, "--observe"]
                try ServiceProcess.with(arguments, environment: ["GMR_MAX_REPORTS": "5"]) { other in
                    for _ in 0..<15 {
                        for service in [one, other] { service.send(SIGUSR2) }
                        for service in [one, other] { try #expect(service.process.readLine() == "delivered") }
                    }
                    try #expect(shared.names().count == 5)
                    try #expect(FileManager.default.contentsOfDirectory(atPath: shared.url.path).count == 5)
                    for service in [one, other] { try service.expectItIsWell() }
                }
            }
        }
    }
}
