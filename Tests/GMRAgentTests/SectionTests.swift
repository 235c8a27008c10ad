import Foundation
import GMRAgent
import Testing

extension AgentTests {
    /// A section costs its own place only, whatever its generator does.
    @Suite struct Sections {
        struct PoolIsGone: Error {}

        @Test func sectionsComeInTheOrderOfRegistration() async throws {
            try await withAgent { gmr in
                for number in 0..<10 { gmr.registerSection("Section \(number)") { .integer(Int64(number)) } }
                let report = try await gmr.report()
                #expect(report.sections.map(\.title) == (0..<10).map { "Section \($0)" })
                #expect(report.sections.map(\.data) == (0..<10).map { .integer($0) })
            }
        }

        @Test func aGeneratorThatThrowsCostsItsOwnSection() async throws {
            try await withAgent { gmr in
                gmr.registerSection("Broken") { throw PoolIsGone() }
                gmr.registerSection("Whole") { ["size": 8] }
                let report = try await gmr.report()
                #expect(report.sections[0].error == "its generator threw: PoolIsGone()")
                #expect(report.sections[1] == Section(title: "Whole", data: ["size": 8]))
            }
        }

        @Test func aGeneratorThatHangsIsLeftBehindAndNotStartedAgain() async throws {
            try await withAgent(settings: Settings(sectionDeadline: .milliseconds(100))) { gmr in
                let gate = DispatchSemaphore(value: 0)
                defer { gate.signal() }
                gmr.registerSection("Stuck") {
                    gate.wait()
                    gate.signal()
                    return nil
                }
                gmr.registerSection("Whole") { "here" }
                let first = try await gmr.report()
                #expect(first.sections.map(\.error) == ["its generator did not finish in 100 ms", nil])
                let second = try await gmr.report()
                #expect(second.sections.map(\.error) == ["its generator still runs since an earlier report", nil])
                #expect(second.sections[1].data == "here")
                let stuck = second.threads.filter { $0.name == "gmr-section" }
                #expect(stuck.count == 1)
            }
        }

        @Test func dataBeyondAllBoundsCostsItsOwnSection() async throws {
            try await withAgent { gmr in
                let huge = String(decoding: [UInt8](repeating: 120, count: 100 << 20), as: UTF8.self)
                gmr.registerSection("Huge") { .text(huge) }
                gmr.registerSection("Whole") { "here" }
                let report = try await gmr.report()
                #expect(report.sections.first?.error == "its data is larger than what is left of 8 MiB")
                #expect(report.sections.last?.data == "here")
            }
        }
    }
}
