import Foundation
import Synchronization
import Testing

@testable import GMRAgent

extension AgentTests {
    /// Where reports go that the service takes itself.
    @Suite struct ReportSinks {
        struct Refused: Error {}

        @Test func aCallbackGetsTheWholeReport() async throws {
            let (reports, sink) = AsyncStream.makeStream(of: FinishedReport.self)
            let callback = CallbackSink(name: "the test") { sink.yield($0) }
            let settings = Settings(formats: [.text, .json])
            try await withSinks([callback], settings: settings) { gmr in
                gmr.registerSection("Pool") { ["size": 8] }
                kill(getpid(), SIGUSR1)
                let report = try #require(await reports.first { _ in true })
                #expect(report.report.trigger.signal == "SIGUSR1")
                #expect(report.report.sections.map(\.title) == ["Pool"])
                #expect(report.formats == [.text, .json])
                #expect(report.rendered.contains("Completeness"))
                #expect(report.rendered.contains("\"schema\": \"gmr-report/1\""))
            }
        }

        @Test func aDescriptorGetsTheText() async throws {
            let pipe = Pipe()
            let descriptor = DescriptorSink(pipe.fileHandleForWriting.fileDescriptor)
            #expect(descriptor.name.hasPrefix("descriptor "))
            try await withSinks([descriptor]) { _ in
                kill(getpid(), SIGUSR1)
                var text = Data()
                while !text.contains(Data("finished by: worker thread\n".utf8)) {
                    let more = pipe.fileHandleForReading.availableData
                    try #require(!more.isEmpty)
                    text += more
                }
                #expect(String(decoding: text, as: UTF8.self).contains("Guru Meditation"))
            }
        }

        /// A directory is the helper's to serve, the callback comes after it.
        @Test func aDirectoryIsServedBesideOtherSinks() async throws {
            let directory = try temporaryDirectory()
            let (reports, sink) = AsyncStream.makeStream(of: FinishedReport.self)
            let sinks: [any ReportSink] = [
                CallbackSink(name: "the first") { _ in throw Refused() }, DirectorySink(directory),
                CallbackSink(name: "the second") { sink.yield($0) },
            ]
            try await withSinks(sinks, settings: Settings(formats: ReportFormat.allCases)) { gmr in
                #expect(gmr.settings.logDirectory == directory)
                kill(getpid(), SIGUSR1)
                _ = try #require(await reports.first { _ in true })
                let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                try #require(names.count == 3)
                #expect(names[1] == names[0] + ".json" && names[2] == names[0] + ".xml")
                for name in names {
                    let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                }
            }
        }

        @Test func anObserverHearsHowItWent() async throws {
            let directory = try temporaryDirectory()
            let (summaries, heard) = AsyncStream.makeStream(of: ReportSummary.self)
            try await withAgent(settings: Settings(logDirectory: directory)) { gmr in
                gmr.addObserver { heard.yield($0) }
                kill(getpid(), SIGUSR1)
                let signal = try #require(await summaries.first { _ in true })
                #expect(signal.trigger.signal == "SIGUSR1" && signal.isDelivered == true)
                #expect(signal.threadCount > 0 && signal.stages.captureNanoseconds ?? 0 > 0)
                #expect(signal.stages.renderNanoseconds ?? 0 > 0 && signal.stages.symbolizeNanoseconds ?? 0 > 0)
                _ = try await gmr.report()
                let call = try #require(await summaries.first { _ in true })
                #expect(call.trigger.kind == .api && call.isDelivered == nil && call.stages.renderNanoseconds == nil)
            }
        }

        private func withSinks(
            _ sinks: [any ReportSink], settings: Settings = Settings(),
            _ body: (GuruMeditation) async throws -> Void
        ) async throws {
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", signals: [.usr1], settings: settings, sinks: sinks)
            defer { stop(gmr) }
            try await body(gmr)
        }
    }
}
