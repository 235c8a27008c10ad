import Foundation
import GMRAgent

/// What people and programs do to a file.
enum FileChange: CaseIterable {
    case touched, dated, written, truncated, replaced, deletedAndMade, movedAwayAndMade
}

/// What they do to the way there. inotify says nothing of it.
enum HiddenChange: CaseIterable {
    case directoryRemovedAndMade, directoryRenamedAndMade, directoryAboveRenamedAndMade, linkRedirected
}

/// A trigger file two folders down in one of its own, where the reports go too.
struct WatchedFile {
    let directory: String
    /// As the agent is given it.
    private(set) var path: String

    init() throws {
        directory = try temporaryDirectory()
        path = directory + "/trigger"
        try write("first")
    }

    func write(_ text: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    func make(_ change: FileChange) throws {
        let files = FileManager.default
        switch change {
        case .touched: utimensat(AT_FDCWD, path, nil, 0)
        case .dated: try files.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
        case .written: try write("longer than before")
        case .truncated: truncate(path, 0)
        case .replaced:
            try "other".write(toFile: path + ".new", atomically: false, encoding: .utf8)
            rename(path + ".new", path)
        case .deletedAndMade:
            try files.removeItem(atPath: path)
            try write("other")
        case .movedAwayAndMade:
            rename(path, path + ".old")
            try write("other")
        }
    }

    // MARK: The way there

    private var top: String { directory + "/top" }

    mutating func prepare(_ change: HiddenChange) throws {
        try FileManager.default.createDirectory(atPath: top + "/folder", withIntermediateDirectories: true)
        path = top + "/folder/trigger"
        if change == .linkRedirected {
            path = directory + "/link/trigger"
            symlink(top + "/folder", directory + "/link")
        }
        try write("first")
    }

    func make(_ change: HiddenChange) throws {
        let files = FileManager.default
        switch change {
        case .directoryRemovedAndMade: try files.removeItem(atPath: top + "/folder")
        case .directoryRenamedAndMade: rename(top + "/folder", top + "/folder.old")
        case .directoryAboveRenamedAndMade: rename(top, top + ".old")
        case .linkRedirected:
            try files.createDirectory(atPath: directory + "/other", withIntermediateDirectories: true)
            try "other".write(toFile: directory + "/other/trigger", atomically: false, encoding: .utf8)
            symlink(directory + "/other", directory + "/link.new")
            rename(directory + "/link.new", directory + "/link")
            return
        }
        try files.createDirectory(atPath: top + "/folder", withIntermediateDirectories: true)
        try write("other")
    }

    // MARK: The agent

    func setUp(interval: Duration, signalsBesideFile: Bool = false) throws -> GuruMeditation {
        try GuruMeditation.setUpAutorun(
            package: "tests", serviceName: "watched", signals: [.usr1], logDirectory: directory, fileEventHandler: path,
            settings: Settings(fileEventHandlerInterval: interval, signalsBesideFile: signalsBesideFile))
    }

    func withAgent(interval: Duration, signalsBesideFile: Bool = false, _ body: () throws -> Void) throws {
        let gmr = try setUp(interval: interval, signalsBesideFile: signalsBesideFile)
        defer { gmr.stop() }
        try body()
    }

    func reportNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter {
            $0.contains("_gurumeditation_") && !$0.hasPrefix(".")
        }
    }

    /// Waits until there are so many; their texts. Blocks.
    @discardableResult
    func reports(count: Int) throws -> [String] {
        let end = ContinuousClock.now + .seconds(15)
        while try reportNames().count < count {
            guard ContinuousClock.now < end else {
                throw FetchingService.Failure(description: "\(try reportNames().count) of \(count) reports came")
            }
            usleep(2_000)
        }
        return try reportNames().map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
    }
}

/// The thread of this process that watches the file.
enum WatcherThread {
    /// Nil where there is none.
    static func number() -> String? {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return all.first { (try? text("comm", of: $0)) == "gmr-watcher\n" }
    }

    /// Blocks. It sleeps before each look.
    static func waitUntilItHasSlept(_ count: Int) throws {
        let end = ContinuousClock.now + .seconds(30)
        while try sleepCount() < count {
            guard ContinuousClock.now < end else { throw FetchingService.Failure(description: "the watcher sleeps") }
            usleep(2_000)
        }
    }

    /// How often it has slept so far.
    static func sleepCount() throws -> Int {
        guard let thread = number() else { throw FetchingService.Failure(description: "no watcher") }
        let line = try text("status", of: thread).split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt") }
        return line.flatMap { Int($0.split(separator: "\t")[1]) } ?? 0
    }

    private static func text(_ file: String, of thread: String) throws -> String {
        try String(contentsOfFile: "/proc/self/task/\(thread)/\(file)", encoding: .utf8)
    }
}
