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
            try await withAgent(settings: Settings(sectionDeadline: .seconds(5))) { gmr in
                let gate = DispatchSemaphore(value: 0)
                defer { gate.signal() }
                gmr.registerSection("Stuck") {
                    gate.wait()
                    gate.signal()
                    return nil
                }
                gmr.registerSection("Whole") { "here" }
                let first = try await gmr.report()
                #expect(first.sections.map(\.error) == ["its generator did not finish in 5000 ms", nil])
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
                #expect(report.sections.first?.error == "its data is larger than 1 MiB")
                #expect(report.sections.last?.data == "here")
            }
        }

        @Test func manyLargeSectionsLeaveRoomForEachOther() async throws {
            try await withAgent { gmr in
                let large = String(decoding: [UInt8](repeating: 120, count: 1_000_000), as: UTF8.self)
                for number in 0..<20 { gmr.registerSection("Large \(number)") { .text(large) } }
                let report = try await gmr.report()
                #expect(report.sections.count == 20 && report.sections.allSatisfy { $0.error == nil })
            }
        }

        @Test func aSectionIsTakenOutAgain() async throws {
            try await withAgent { gmr in
                gmr.registerSection("First") { 1 }
                let second = gmr.registerSection("Same") { 2 }
                gmr.registerSection("Same") { 3 }
                let before = try await gmr.report()
                #expect(before.sections.map(\.data) == [1, 2, 3])
                second.unregister()
                second.unregister()
                let after = try await gmr.report()
                #expect(after.sections.map(\.data) == [1, 3])
            }
        }

        @Test func everyThreadMayRegister() async throws {
            try await withAgent { gmr in
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask { gmr.registerSection("\(number)") { .integer(Int64(number)) } }
                    }
                }
                let report = try await gmr.report()
                #expect(Set(report.sections.map(\.title)) == Set((0..<50).map { "\($0)" }))
            }
        }

        /// Other sections do not wait for it, and are not cut short by it.
        @Test func aSectionHasATimeOfItsOwn() async throws {
            try await withAgent(settings: Settings(sectionDeadline: .seconds(3))) { gmr in
                let gate = DispatchSemaphore(value: 0)
                gmr.registerSection("Patient", deadline: .seconds(30)) {
                    gate.wait()
                    return "here"
                }
                gmr.registerSection("Hasty") {
                    // Longer than this one has.
                    Thread.detachNewThread {
                        Thread.sleep(forTimeInterval: 4)
                        gate.signal()
                    }
                    return "here"
                }
                let report = try await gmr.report()
                #expect(report.sections.map(\.data) == ["here", "here"])
            }
        }

        @Test func aGeneratorMayAwait() async throws {
            actor Pool {
                var size = 8
            }
            let pool = Pool()
            try await withAgent { gmr in
                gmr.registerSection("Pool") { ["size": .integer(Int64(await pool.size))] }
                gmr.registerSection("Broken") {
                    await Task.yield()
                    throw PoolIsGone()
                }
                // All threads of the pool may be busy with other tests, for longer than a section has.
                let report = try await report(of: gmr) { report in
                    report.sections[0].error == nil && report.sections[1].error?.contains("PoolIsGone") == true
                }
                #expect(report.sections[0].data == ["size": 8])
                #expect(report.sections[1].error == "its generator threw: PoolIsGone()")
            }
        }
    }
}
