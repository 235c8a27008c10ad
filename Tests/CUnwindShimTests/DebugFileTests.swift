import CUnwindShim
import Foundation
import Testing

/// Programs whose symbols are elsewhere, or not what they claim.
struct DebugFileTests {
    private let workshop: Workshop
    private let address: UInt64

    init() throws {
        workshop = try Workshop()
        try workshop.write(
            "program.c",
            """
            static __attribute__((noinline)) int hidden(int x) { return x * 3; }
            int main(int count, char **arguments) { (void)arguments; return hidden(count); }

            """)
        try workshop.run(
            "cc -O1 -g -Wl,--build-id program.c -o program && cc -O1 -g -Wl,--build-id=none program.c -o nameless")
        try workshop.run("cc -O2 -g -DOTHER -Wl,--build-id program.c -o other")
        try workshop.run(
            "for f in program nameless; do objcopy --only-keep-debug $f $f.debug; strip $f -o $f.stripped; done")
        address = try workshop.symbolAddress("hidden", in: "program")
    }

    private func isComplete(_ result: SymbolizeResult) -> Bool {
        result.status == 0
            && result.frames == [
                [
                    SourceFrame(
                        name: "hidden", file: workshop.path("program.c"), line: 1,
                        column: result.frames[0][0].column)
                ]
            ]
    }

    @Test func withoutADebugFileAStrippedProgramHasNoNames() throws {
        let result = symbolize(workshop.path("program.stripped"), [address])
        #expect(result.status == 0)
        #expect(result.found == UInt32(GMR_SYMBOLS_OPENED))
        #expect(result.names == [nil])
    }

    @Test func theBuildIDFindsTheDebugFile() throws {
        let id = try workshop.buildID("program").map { String(format: "%02x", $0) }.joined()
        let place = "store/.build-id/\(id.prefix(2))"
        try workshop.run("mkdir -p \(place) && cp program.debug \(place)/\(id.dropFirst(2)).debug")
        let directories = "/nonexistent::" + workshop.path("store")
        for wantDwarf in [false, true] {
            let result = symbolize(
                workshop.path("program.stripped"), [address], wantDwarf: wantDwarf, directories: directories)
            #expect(result.has(GMR_SYMBOLS_SEPARATE) && result.has(GMR_SYMBOLS_SYMTAB))
            #expect(result.debugPath == workshop.path("\(place)/\(id.dropFirst(2)).debug"))
            #expect(result.names == ["hidden"])
            #expect(isComplete(result) == wantDwarf)
        }
        // The program itself was replaced, or is gone: its debug file still answers for the build ID that is mapped.
        let expected = try workshop.buildID("program")
        let replaced = symbolize(workshop.path("other"), [address], buildID: expected, directories: directories)
        #expect(replaced.has(GMR_SYMBOLS_WRONG_BUILD_ID) && !replaced.has(GMR_SYMBOLS_OPENED))
        #expect(isComplete(replaced))
        let gone = symbolize(workshop.path("gone"), [address], buildID: expected, directories: directories)
        #expect(gone.openError == ENOENT)
        #expect(isComplete(gone))
    }

    @Test func theCacheOfDebuginfodIsSearchedByBuildID() throws {
        let id = try workshop.buildID("program").map { String(format: "%02x", $0) }.joined()
        try workshop.run("mkdir -p empty/\(id) wrong/\(id) cache/\(id)")
        try workshop.run(": > empty/\(id)/debuginfo && cp program.debug cache/\(id)/debuginfo")
        try workshop.run("objcopy --only-keep-debug other wrong/\(id)/debuginfo")
        func lookUp(_ caches: String...) -> SymbolizeResult {
            symbolize(
                workshop.path("program.stripped"), [address],
                caches: caches.map { workshop.path($0) }.joined(separator: ":"))
        }
        let found = lookUp("nowhere", "empty", "wrong", "cache")
        #expect(found.has(GMR_SYMBOLS_SEPARATE))
        #expect(found.debugPath == workshop.path("cache/\(id)/debuginfo"))
        #expect(isComplete(found))
        // No file at all, "no server has it", a file of another program.
        for place in ["nowhere", "empty", "wrong"] {
            let result = lookUp(place)
            #expect(result.status == 0)
            #expect(result.found == UInt32(GMR_SYMBOLS_OPENED), "\(place)")
            #expect(result.names == [nil])
        }
        // What an administrator installed comes first.
        try workshop.run("mkdir -p store/.build-id/\(id.prefix(2))")
        try workshop.run("cp program.debug store/.build-id/\(id.prefix(2))/\(id.dropFirst(2)).debug")
        let installed = symbolize(
            workshop.path("program.stripped"), [address], directories: workshop.path("store"),
            caches: workshop.path("cache"))
        #expect(installed.debugPath?.hasPrefix(workshop.path("store")) == true)
    }

    @Test(arguments: ["program", "nameless"], [".", ".debug", "store"])
    func theDebugLinkFindsTheDebugFile(program: String, place: String) throws {
        let stripped = workshop.path("\(program).stripped")
        let target = place == "store" ? "store" + workshop.directory : place
        try workshop.run("objcopy --add-gnu-debuglink=\(program).debug \(program).stripped")
        try workshop.run("mkdir -p away \(target) && mv \(program).debug away/ && cp away/\(program).debug \(target)/")
        let directories = workshop.path("store")
        let result = symbolize(stripped, [address], directories: directories)
        #expect(result.has(GMR_SYMBOLS_SEPARATE))
        #expect(isComplete(result))
        // A debug file of another program under that name: build ID, or else CRC, gives it away.
        try workshop.run("objcopy --only-keep-debug other \(target)/\(program).debug")
        let deceived = symbolize(stripped, [address], directories: directories)
        #expect(!deceived.has(GMR_SYMBOLS_SEPARATE))
        #expect(deceived.names == [nil])
    }

    @Test func aWrongBuildIDIsRefused() throws {
        let result = symbolize(workshop.path("other"), [address], buildID: try workshop.buildID("program"))
        #expect(result.status == -ESTALE)
        #expect(result.found == UInt32(GMR_SYMBOLS_WRONG_BUILD_ID))
        #expect(result.frames == [[SourceFrame()]])
        let nameless = symbolize(workshop.path("nameless"), [address], buildID: try workshop.buildID("program"))
        #expect(nameless.status == -ESTALE)
    }

    @Test func minidebuginfoNamesLocalFunctions() throws {
        guard Workshop.hasTool("xz") else { return }
        try workshop.run("objcopy -S --remove-section .comment --keep-symbol=hidden program mini && xz -k mini")
        try workshop.run("objcopy --add-section .gnu_debugdata=mini.xz program.stripped with-mini")
        let result = symbolize(workshop.path("with-mini"), [address])
        #expect(result.found == UInt32(GMR_SYMBOLS_OPENED | GMR_SYMBOLS_MINIDEBUGINFO))
        #expect(result.names == ["hidden"])
        // Cut off and damaged.
        try workshop.run(
            "head -c 200 mini.xz > cut.xz && objcopy --add-section .gnu_debugdata=cut.xz program.stripped with-cut")
        let cut = symbolize(workshop.path("with-cut"), [address])
        #expect(cut.status == 0)
        #expect(cut.names == [nil])
    }

    @Test func aBombIsNotUnpacked() throws {
        guard Workshop.hasTool("xz") else { return }
        try workshop.run("head -c 400000000 /dev/zero | xz -1 > bomb.xz")
        try workshop.run("objcopy --add-section .gnu_debugdata=bomb.xz program.stripped with-bomb")
        #expect(symbolize(workshop.path("with-bomb"), [address]).names == [nil])
    }

    @Test func zstdIsReportedAndNamesStillCome() throws {
        guard (try? workshop.run("objcopy --compress-debug-sections=zstd program packed")) != nil else { return }
        let result = symbolize(workshop.path("packed"), [address])
        #expect(result.status == 0)
        #expect(result.names == ["hidden"])
        // A libdw that has learned zstd is welcome.
        #expect(result.has(GMR_SYMBOLS_UNREADABLE_DWARF) != isComplete(result))
    }
}
