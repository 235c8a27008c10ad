import Foundation
import ProcessKit
import Testing

@testable import gmr

/// The reader of ELF files, held against what compilers and binutils make.
@Suite struct ELFTests {
    @available(*, noasync)
    private static func withProgram(
        _ options: [String], then command: (tool: String, arguments: [String])? = nil,
        body: (String, ELFFacts) throws -> Void
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let program = try TestProgram.compile(options, into: directory)
        if let command {
            let run = try ToolRun.run(command.tool, command.arguments + [program])
            try #require(run.status == 0, "\(run.text)")
        }
        try body(program, #require(ELFFacts(path: program)))
    }

    @Test func aProgramWithDebugInformationIsRead() throws {
        try Self.withProgram(["-g"]) { program, facts in
            #expect(facts.isForThisProcessor && !facts.isStatic && facts.hasUnwindIndex)
            #expect(facts.hasSymbols && facts.hasDebugInfo && facts.compression == nil)
            #expect(!facts.hasAgent && !facts.hasSwift && facts.debugLink == nil)
            let notes = try ToolRun.run("readelf", ["-n", program]).text
            #expect(try notes.contains("Build ID: " + #require(facts.buildID)))
        }
    }

    @Test func whatIsStrippedStaticOrWithoutAnIndexIsSeen() throws {
        try Self.withProgram(["-s"]) { _, facts in
            #expect(!facts.hasSymbols && !facts.hasDebugInfo && facts.buildID != nil && facts.hasUnwindIndex)
        }
        try Self.withProgram(["-static"]) { _, facts in #expect(facts.isStatic) }
        try Self.withProgram(["-static-pie"]) { _, facts in #expect(facts.isStatic) }
        try Self.withProgram(["-Wl,--no-eh-frame-hdr"]) { _, facts in #expect(!facts.hasUnwindIndex) }
    }

    @Test func compressionIsTold() throws {
        try Self.withProgram(["-g", "-gz=zlib"]) { _, facts in #expect(facts.compression == .zlib) }
        let help = try ToolRun.run("objcopy", ["--help"]).text
        guard help.contains("zstd") else { return }
        try Self.withProgram(["-g"], then: ("objcopy", ["--compress-debug-sections=zstd"])) { _, facts in
            #expect(facts.compression == .zstd)
            #expect(RunningProcess.symbols(facts, separate: nil, file: nil).status == .warning)
        }
    }

    @Test func theAgentIsFoundInWhatIsLinkedWithIt() throws {
        let linked = try #require(ELFFacts(path: ChildProcess.built("ReportService")))
        #expect(linked.hasAgent && linked.hasSwift && linked.hasDebugInfo)
        // One that only refers to it has not got it.
        try Self.withProgram(["-Wl,--defsym=other_gmr_agent_install=0"]) { _, facts in #expect(!facts.hasAgent) }
        try Self.withProgram(["-Wl,--defsym=gmr_agent_install=0"]) { _, facts in #expect(facts.hasAgent) }
    }

    @Test func whatIsNoELFFileIsRefused() throws {
        #expect(ELFFacts(path: "/proc/version") == nil)
        #expect(ELFFacts(path: "/dev/null") == nil)
        #expect(ELFFacts(path: "/nonexistent") == nil)
        #expect(throws: ELFSections.Failure.notELF) { try ELFSections([UInt8](repeating: 0, count: 100)) }
        var narrow = [UInt8](repeating: 0, count: 64)
        narrow.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 1, 1])
        #expect(throws: ELFSections.Failure.otherFormat) { try ELFSections(narrow) }
    }

    /// Cut anywhere, or with any number of its headers out of range: facts are lost, and nothing else happens.
    @Test func noNumberInTheFileIsTrusted() throws {
        try Self.withProgram(["-g"]) { program, _ in
            let whole = [UInt8](try Data(contentsOf: URL(filePath: program)))
            for count in stride(from: 0, to: whole.count, by: 509) {
                if let elf = try? ELFSections(Array(whole[..<count])) { _ = ELFFacts(elf) }
            }
            let table = try #require(whole.number(UInt64.self, at: 40))
            let places = Array(16..<64) + Array(Int(table)..<whole.count)
            for place in places {
                for value in [0xff, 0x80, 0x00] as [UInt8] {
                    var broken = whole
                    broken[place] = value
                    if let elf = try? ELFSections(broken) { _ = ELFFacts(elf) }
                }
            }
        }
    }

    @Test func symbolsAreWhatThereIsToShow() throws {
        try Self.withProgram(["-s"]) { _, stripped in
            try Self.withProgram(["-g"]) { _, full in
                #expect(RunningProcess.symbols(full, separate: nil, file: nil).status == .ok)
                #expect(
                    RunningProcess.symbols(stripped, separate: full, file: "/d/x.debug").text.contains("/d/x.debug"))
                #expect(RunningProcess.symbols(stripped, separate: nil, file: nil).text.contains("is stripped"))
                var swift = stripped
                swift.hasSwift = true
                #expect(RunningProcess.symbols(swift, separate: nil, file: nil).text.contains("no Swift function"))
            }
        }
    }
}
