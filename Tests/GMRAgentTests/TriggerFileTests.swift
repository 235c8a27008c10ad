import Foundation
import GMRAgent
import Testing

extension AgentTests {
    /// Whatever is done to the trigger file makes a report, and nothing else does.
    @Suite struct TriggerFiles {
        /// With an hour between two looks inotify alone can be what tells of it.
        @Test(arguments: FileChange.allCases)
        func aChangeIsSeenAtOnce(_ change: FileChange) throws {
            let watched = try WatchedFile()
            try watched.withAgent(interval: .seconds(3600)) {
                try watched.make(change)
                let reports = try watched.reports(count: 1)
                #expect(reports[0].contains("trigger = the trigger file was touched\n"))
            }
        }

        /// What inotify does not see is seen at the end of an interval.
        @Test(arguments: HiddenChange.allCases)
        func aChangeThatInotifyDoesNotSeeIsSeen(_ change: HiddenChange) throws {
            var watched = try WatchedFile()
            try watched.prepare(change)
            try watched.withAgent(interval: .milliseconds(10)) {
                try watched.make(change)
                _ = try watched.reports(count: 1)
            }
        }

        @Test func itsDeletionAloneMakesNoReportAndItsReturnDoes() throws {
            let watched = try WatchedFile()
            try watched.withAgent(interval: .milliseconds(10)) {
                try FileManager.default.removeItem(atPath: watched.path)
                try WatcherThread.waitUntilItHasSlept(20 + WatcherThread.sleepCount())
                #expect(try watched.reportNames().isEmpty)
                try watched.write("back")
                _ = try watched.reports(count: 1)
            }
        }

        /// Of a file that is not there its directory has to tell.
        @Test func itsReturnIsSeenAtOnce() throws {
            let watched = try WatchedFile()
            try watched.withAgent(interval: .seconds(3600)) {
                let before = try WatcherThread.sleepCount()
                try FileManager.default.removeItem(atPath: watched.path)
                // Once until it was quiet, once more after its look.
                try WatcherThread.waitUntilItHasSlept(before + 2)
                try watched.write("back")
                _ = try watched.reports(count: 1)
            }
        }

        /// In a directory such as /tmp files come and go all the time, and the trigger file need not be there.
        @Test func otherFilesWakeItSeldom() throws {
            let watched = try WatchedFile()
            try watched.withAgent(interval: .seconds(3600)) {
                try FileManager.default.removeItem(atPath: watched.path)
                let before = try WatcherThread.sleepCount()
                let begin = ContinuousClock.now
                while ContinuousClock.now - begin < .seconds(2) {
                    let other = watched.directory + "/other"
                    close(open(other, O_WRONLY | O_CREAT, 0o600))
                    unlink(other)
                }
                let count = try WatcherThread.sleepCount() - before
                // Pauses of 0, 50, 100… ms, each with up to ten looks for more, 50 ms apart.
                #expect(count < 60, "woken \(count) times")
                try watched.write("back")
                _ = try watched.reports(count: 1)
            }
        }

        /// The second one waits for its time, and is not lost.
        @Test func thereIsOneReportEachInterval() throws {
            let watched = try WatchedFile()
            let interval = Duration.seconds(2)
            try watched.withAgent(interval: interval) {
                let begin = ContinuousClock.now
                try watched.make(.touched)
                _ = try watched.reports(count: 1)
                try watched.make(.touched)
                _ = try watched.reports(count: 2)
                #expect(ContinuousClock.now - begin >= interval)
            }
        }

        @Test func stopEndsTheWatcherAtOnce() throws {
            let watched = try WatchedFile()
            for isResting in [false, true] {
                let gmr = try watched.setUp(interval: .seconds(40))
                #expect(WatcherThread.number() != nil)
                if isResting {
                    try watched.make(.touched)
                    _ = try watched.reports(count: 1)
                }
                let begin = ContinuousClock.now
                stop(gmr)
                #expect(ContinuousClock.now - begin < .seconds(10))
                // Whoever is joined is listed until the kernel is through with it.
                while WatcherThread.number() != nil, ContinuousClock.now - begin < .seconds(10) { usleep(1000) }
                #expect(WatcherThread.number() == nil)
            }
        }

        @Test func theWatcherIsNoPartOfAReport() async throws {
            let watched = try WatchedFile()
            let gmr = try watched.setUp(interval: .milliseconds(10))
            defer { stop(gmr) }
            let report = try await gmr.report()
            #expect(!report.threads.contains { $0.name == "gmr-watcher" })
        }

        // MARK: Set-up

        @Test func signalsAreLeftAloneUnlessTheyAreWanted() throws {
            let watched = try WatchedFile()
            #expect(Self.handler(of: SIGUSR1) == 0)
            try watched.withAgent(interval: .seconds(1)) { #expect(Self.handler(of: SIGUSR1) == 0) }
            try watched.withAgent(interval: .seconds(1), signalsBesideFile: true) {
                #expect(Self.handler(of: SIGUSR1) != 0)
                kill(getpid(), SIGUSR1)
                _ = try watched.reports(count: 1)
            }
            #expect(Self.handler(of: SIGUSR1) == 0)
        }

        @Test func withoutSignalsTheFileIsWatchedAllTheSame() throws {
            let watched = try WatchedFile()
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", logDirectory: watched.directory, fileEventHandler: watched.path, setUpSignals: false)
            defer { stop(gmr) }
            try watched.make(.touched)
            _ = try watched.reports(count: 1)
        }

        @Test func aPathMayBeRelative() throws {
            let watched = try WatchedFile()
            let here = FileManager.default.currentDirectoryPath
            let up = String(repeating: "../", count: here.split(separator: "/").count)
            let gmr = try GuruMeditation.setUpAutorun(
                package: "tests", logDirectory: watched.directory, fileEventHandler: up + watched.path.dropFirst())
            defer { stop(gmr) }
            #expect(gmr.settings.fileEventHandler?.hasPrefix(here + "/..") == true)
            try watched.make(.touched)
            _ = try watched.reports(count: 1)
        }

        @Test func aFileThatIsNotThereIsThrown() throws {
            let absent = try temporaryDirectory() + "/trigger"
            let byArgument = try #require(throws: GuruMeditationError.self) {
                try GuruMeditation.setUpAutorun(package: "tests", fileEventHandler: absent)
            }
            let bySettings = try #require(throws: GuruMeditationError.self) {
                let settings = Settings(fileEventHandler: absent)
                try GuruMeditation.setUpAutorun(package: "tests", settings: settings)
            }
            for error in [byArgument, bySettings] {
                #expect(error.code == .unusableTriggerFile && error.errorNumber == ENOENT)
                #expect(error.description.contains("touch \(absent)"))
            }
        }

        @Test func whatIsNoRegularFileIsThrown() throws {
            let error = try #require(throws: GuruMeditationError.self) {
                try GuruMeditation.setUpAutorun(package: "tests", fileEventHandler: "/tmp")
            }
            #expect(error.code == .unusableTriggerFile)
            #expect(error.description.contains("not a regular file"))
        }

        private static func handler(of signal: Int32) -> UInt {
            var action = sigaction()
            sigaction(signal, nil, &action)
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        }
    }
}
