import Foundation
import GMRAgent
import Testing

/// The agent belongs to the process, so its tests take turns.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct AgentTests {}

extension AgentTests {
    @Suite struct SetUp {
        @Test func aSecondSetUpSaysSo() throws {
            let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
            defer { stop(gmr) }
            let error = try #require(throws: GuruMeditationError.self) {
                try GuruMeditation.setUpAutorun(package: "tests")
            }
            #expect(error.code == .alreadySetUp)
            #expect(error.description.contains("set up in this process already"))
        }

        @Test func afterStopItCanBeSetUpAgain() throws {
            for _ in 0..<3 { stop(try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])) }
        }

        @Test(arguments: ["KILL", "SEGV", "PROF"])
        func aSignalThatCannotTriggerIsThrown(name: String) throws {
            let signal = try #require(SignalNumber(name))
            let error = try #require(throws: GuruMeditationError.self) {
                try GuruMeditation.setUpAutorun(package: "tests", signals: [signal])
            }
            #expect(error.code == .unusableSignal)
            #expect(error.description.contains("SIG\(name)") && error.description.contains("SIGUSR2"))
        }

        @Test func aDirectoryThatIsMissingIsMade() throws {
            let directory = try temporaryDirectory() + "/log/reports"
            let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1], logDirectory: directory)
            defer { stop(gmr) }
            var isDirectory: ObjCBool = false
            #expect(FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory))
            #expect(isDirectory.boolValue && gmr.settings.logDirectory == directory)
        }

        @Test func aDirectoryThatCannotBeMadeIsThrown() throws {
            let error = try #require(throws: GuruMeditationError.self) {
                try GuruMeditation.setUpAutorun(package: "tests", logDirectory: "/proc/nothing/reports")
            }
            #expect(error.code == .unusableLogDirectory)
            #expect(error.errorNumber == ENOENT)
            #expect(error.description.contains("/proc/nothing/reports") && error.description.contains("Choose one"))
        }

        @Test func timesWithoutEndOverflowNothing() async throws {
            let endless = Duration.seconds(Int64.max)
            let settings = Settings(sectionDeadline: endless, helperSilence: endless, maximumThreadCount: .max)
            try await withAgent(settings: settings) { gmr in
                #expect(gmr.settings.helperSilence == .seconds(3600) && gmr.settings.maximumThreadCount == 4096)
                gmr.registerSection("Whole") { "here" }
                let report = try await gmr.report()
                #expect(report.sections.map(\.data) == ["here"])
            }
        }

        @Test func stopPutsTheEarlierHandlerBack() throws {
            func handler(of signal: Int32) -> UInt {
                var action = sigaction()
                sigaction(signal, nil, &action)
                return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
            }
            signal(SIGUSR1, SIG_IGN)
            defer { signal(SIGUSR1, SIG_DFL) }
            let before = handler(of: SIGUSR1)
            let gmr = try GuruMeditation.setUpAutorun(package: "tests", signals: [.usr1])
            #expect(handler(of: SIGUSR1) != before)
            stop(gmr)
            #expect(handler(of: SIGUSR1) == before)
        }
    }
}

/// `stop()` blocks, so that it is not offered to asynchronous code.
func stop(_ gmr: GuruMeditation) {
    gmr.stop()
}
