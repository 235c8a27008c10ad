#if Logging
    import Foundation
    import GMRAgent
    import Logging
    import Testing

    extension AgentTests {
        @Suite struct Logs {
            @Test(arguments: [false, true])
            func aReportGoesToTheLog(isMessagePerLine: Bool) async throws {
                let (messages, written) = AsyncStream.makeStream(of: String.self)
                let logger = Logger(label: "tests") { _ in Recorder(written: written) }
                let gmr = try GuruMeditation.setUpAutorun(
                    package: "tests", signals: [.usr1],
                    sinks: [LoggerSink(logger, level: .warning, isMessagePerLine: isMessagePerLine)])
                defer { stop(gmr) }
                kill(getpid(), SIGUSR1)
                var count = 0
                for await message in messages {
                    count += 1
                    if isMessagePerLine { #expect(!message.contains("\n")) }
                    if message.contains("finished by: worker thread") { break }
                }
                #expect(isMessagePerLine ? count > 20 : count == 1)
            }
        }
    }

    private struct Recorder: LogHandler {
        let written: AsyncStream<String>.Continuation
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            #expect(event.level == .warning)
            written.yield("\(event.message)")
        }
    }
#endif
