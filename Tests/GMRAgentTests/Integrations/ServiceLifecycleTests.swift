#if ServiceLifecycle
    import Foundation
    import GMRAgent
    import ServiceLifecycle
    import ServiceLifecycleTestKit
    import Testing

    extension AgentTests {
        @Suite struct Services {
            @Test func aGracefulShutdownEndsReports() async throws {
                let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
                try await testGracefulShutdown { trigger in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await GuruMeditationService(gmr).run() }
                        _ = try await gmr.report()
                        trigger.triggerGracefulShutdown()
                        try await group.waitForAll()
                    }
                }
                await #expect(throws: GuruMeditationError.self) { try await gmr.report() }
            }

            @Test func aCancellationEndsReports() async throws {
                let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
                let service = Task { try await GuruMeditationService(gmr).run() }
                _ = try await gmr.report()
                service.cancel()
                try await service.value
                await #expect(throws: GuruMeditationError.self) { try await gmr.report() }
            }
        }
    }
#endif
