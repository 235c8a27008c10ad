import Foundation
import Synchronization
import Testing

@testable import GMRAgent

/// Readers that do not read, and directories that are not what they should be.
@Suite(.timeLimit(.minutes(5))) struct SinkTests {
    @Test(arguments: [false, true])
    func aReaderWhoHasStoppedIsLeftBehind(isNonblocking: Bool) throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, isNonblocking ? O_NONBLOCK : 0)
        var progressCount = 0
        let writer = PatientWriter(patience: .milliseconds(100)) { progressCount += 1 }
        let begin = ContinuousClock.now
        let text = String(repeating: "x", count: 1 << 20)
        #expect(writer.write(text, to: descriptor) == ETIMEDOUT)
        // What the pipe holds, in pieces of which each was progress.
        #expect(progressCount >= 16)
        #expect(ContinuousClock.now - begin < .seconds(30))
    }

    @Test func aSlowReaderGetsEverything() throws {
        let pipe = Pipe()
        let text = String(repeating: "0123456789abcdef", count: 20_000)
        let reader = Thread {
            // Slower than a pipe fills, faster than patience ends.
            var count = 0
            while count < text.utf8.count {
                count += pipe.fileHandleForReading.readData(ofLength: 32_768).count
                usleep(1_000)
            }
        }
        reader.start()
        #expect(PatientWriter(patience: .seconds(20)).write(text, to: pipe.fileHandleForWriting.fileDescriptor) == 0)
    }

    @Test func aNameThatExistsIsNotTaken() {
        let taken: Set = ["/r", "/r_1"]
        let result = FreeName.give(to: "/t", ways: [{ _, to in taken.contains(to) ? EEXIST : 0 }], name: name)
        #expect(result == .taken("/r_2"))
    }

    /// As on file systems without hard links: the next way, and for every further name only that.
    @Test func aWayThatDoesNotWorkIsTriedOnce() {
        let calls = Mutex<[String]>([])
        func way(_ way: String, _ errors: [String: Int32]) -> FreeName.Way {
            { _, to in
                calls.withLock { $0.append("\(way) \(to)") }
                return errors[to] ?? 0
            }
        }
        let ways = [
            way("rename", ["/r": EINVAL]), way("link", ["/r": EEXIST, "/r_1": EPERM]), way("claim", ["/r_1": EEXIST]),
        ]
        #expect(FreeName.give(to: "/t", ways: ways, name: name) == .taken("/r_2"))
        let expected = ["rename /r", "link /r", "link /r_1", "claim /r_1", "claim /r_2"]
        #expect(calls.withLock { $0 } == expected)
    }

    @Test func whereNoWayWorksTheLastSaysWhy() {
        let ways: [FreeName.Way] = [{ _, _ in EINVAL }, { _, _ in EPERM }, { _, _ in ENOSPC }]
        #expect(FreeName.give(to: "/t", ways: ways, name: name) == .failed(ENOSPC))
    }

    @Test(arguments: FreeName.ways.indices)
    func eachWayKeepsWhatIsThere(index: Int) throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for sequence in 0..<3 {
            try "\(sequence)".write(toFile: directory + "/new", atomically: false, encoding: .utf8)
            let result = FreeName.give(to: directory + "/new", ways: [FreeName.ways[index]]) {
                directory + name($0)
            }
            #expect(result == .taken(directory + name(sequence)))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(names == ["r", "r_1", "r_2"])
        let texts = try names.map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
        #expect(texts == ["0", "1", "2"])
    }

    private func name(_ sequence: Int) -> String { sequence == 0 ? "/r" : "/r_\(sequence)" }
}

/// What becomes of a service whose standard error nobody reads.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StalledReaderTests {
    @Test(arguments: [false, true])
    func aFullPipeHoldsNoReportUp(isNonblocking: Bool) throws {
        let service = try FetchingService(fetcher: nil)
        defer { service.close() }
        service.stallErrors(isNonblocking: isNonblocking)
        try service.start(environment: [:])
        _ = try service.reports(count: 1)
        // The agent is free for another one, and nobody delivered the first one twice.
        let both = try service.reports(count: 2)
        #expect(both.count == 2)
        #expect(both.allSatisfy { $0.contains("finished by: helper process") })
    }

    @Test func aReaderWhoIsGoneEndsNothing() throws {
        let service = try FetchingService(fetcher: nil)
        defer { service.close() }
        try service.start(environment: [:])
        try service.closeErrors()
        _ = try service.reports(count: 1)
        let both = try service.reports(count: 2)
        #expect(both.count == 2 && kill(service.pid, 0) == 0)
        #expect(both.allSatisfy { $0.contains("finished by: helper process") })
    }
}
