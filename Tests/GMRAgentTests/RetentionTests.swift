import Foundation
import Testing

@testable import GMRAgent

/// Old reports go; nothing else does.
@Suite struct RetentionTests {
    private static let own = [
        "orders_gurumeditation_20261121034002", "orders_gurumeditation_20261121034002.core",
        "orders_gurumeditation_20261121034002_1",
        "orders_gurumeditation_20261121034002_2", "orders_gurumeditation_20261121034002_10",
        "orders_gurumeditation_20261121034003", "orders_gurumeditation_20261121034003.json",
        "orders_gurumeditation_20261121034003.xml",
    ]
    private static let foreign = [
        "orders", "orders_gurumeditation_", "orders_gurumeditation_2026", "orders_gurumeditation_20261121034002.txt",
        "orders_gurumeditation_20261121034002_", "orders_gurumeditation_20261121034002_x", "orders.log",
        "orders_gurumeditation_20261121034002~", "old_orders_gurumeditation_20261121034002",
        "orders_two_gurumeditation_20261121034002", ".orders_gurumeditation_20261121034002.7.tmp",
    ]

    @Test(arguments: [
        (1, ["orders_gurumeditation_20261121034003"]),
        (2, ["orders_gurumeditation_20261121034003", "orders_gurumeditation_20261121034002_10"]),
        (
            3,
            [
                "orders_gurumeditation_20261121034003", "orders_gurumeditation_20261121034002_10",
                "orders_gurumeditation_20261121034002_2",
            ]
        ),
    ])
    func theOldestGoFirst(count: Int, kept: [String]) throws {
        try withFiles { directory in
            Retention(directory: directory, serviceName: "orders", maximumCount: count, maximumByteCount: nil).apply()
            let left = try names(in: directory)
            #expect(Set(left.filter { !$0.hasSuffix(".json") && !$0.hasSuffix(".xml") }) == Set(kept + Self.foreign))
            #expect(left.contains("orders_gurumeditation_20261121034003.json"), "one report in two formats")
        }
    }

    @Test func bytesAreCounted() throws {
        try withFiles { directory in
            // Each file has 10: the newest report takes 30, the one before 10.
            Retention(directory: directory, serviceName: "orders", maximumCount: nil, maximumByteCount: 45).apply()
            let four = try names(in: directory)
            #expect(four.count == 4 + Self.foreign.count)
            Retention(directory: directory, serviceName: "orders", maximumCount: nil, maximumByteCount: 1).apply()
            let three = try names(in: directory)
            #expect(three.count == 3 + Self.foreign.count, "the newest stays, however large")
        }
    }

    /// The report just written stays where earlier ones have later names.
    @Test func aClockThatWasSetBack() throws {
        try withFiles { directory in
            let written = try #require(
                ReportFileName("orders_gurumeditation_20261121034002_1", serviceName: "orders"))
            Retention(directory: directory, serviceName: "orders", maximumCount: 2, maximumByteCount: nil).apply {
                $0.digits == written.digits && $0.sequence == written.sequence
            }
            let left = try names(in: directory).filter { !Self.foreign.contains($0) }.sorted()
            #expect(
                left == [
                    "orders_gurumeditation_20261121034002_1", "orders_gurumeditation_20261121034003",
                    "orders_gurumeditation_20261121034003.json", "orders_gurumeditation_20261121034003.xml",
                ])
        }
    }

    @Test func whatIsNoRegularFileStays() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: directory + "/orders_gurumeditation_20261121034001", withIntermediateDirectories: false)
        try manager.createSymbolicLink(
            atPath: directory + "/orders_gurumeditation_20261121034000", withDestinationPath: "/etc/hostname")
        try #require(mkfifo(directory + "/orders_gurumeditation_20261121034002", 0o600) == 0)
        try "x".write(
            toFile: directory + "/orders_gurumeditation_20261121034003", atomically: false, encoding: .utf8)
        Retention(directory: directory, serviceName: "orders", maximumCount: 1, maximumByteCount: 1).apply()
        #expect(try names(in: directory).count == 4)
    }

    private func withFiles(_ body: (String) throws -> Void) throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in Self.own + Self.foreign {
            try "0123456789".write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
        }
        try body(directory)
    }

    private func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory)
    }
}
