import CUnwindShim
import Foundation
import Testing

private let inlinedProgram = """
    #include <stdio.h>
    static inline __attribute__((always_inline)) int innermost(int x) {
        return printf("%d\\n", x * x);
    }
    static inline __attribute__((always_inline)) int middle(int x) {
        return innermost(x + 1) + 1;
    }
    __attribute__((noinline)) int outer_calls_middle(int x) {
        int first = middle(x);
        return first * middle(x + 7);
    }
    static __attribute__((noinline)) int hidden(int x) { return x > 3 ? outer_calls_middle(x) : -x; }
    int main(int count, char **arguments) { (void)arguments; return hidden(count) + outer_calls_middle(count); }

    """

struct SymbolizerTests {
    @Test(arguments: [
        "gcc -O2 -gdwarf-4", "gcc -O2 -gdwarf-5", "clang -O2 -gdwarf-4", "clang -O2 -gdwarf-5", "gcc -O0 -g",
        "gcc -O2 -g -gz=zlib",
    ])
    func linesAndInlinedFramesAgreeWithAddr2line(compiler: String) throws {
        guard Workshop.hasTool(String(compiler.prefix { $0 != " " })) else { return }
        let workshop = try Workshop()
        try workshop.write("program.c", inlinedProgram)
        try workshop.run("\(compiler) program.c -o program")
        let addresses = try workshop.instructions("program", of: ["outer_calls_middle", "hidden", "main"])
        #expect(addresses.count > 20)
        let result = symbolize(workshop.path("program"), addresses, buildID: try workshop.buildID("program"))
        #expect(result.status == 0)
        #expect(result.has(GMR_SYMBOLS_OPENED) && result.has(GMR_SYMBOLS_SYMTAB) && result.has(GMR_SYMBOLS_DWARF))
        let expected = try Reference.addr2line(workshop, "program", addresses)
        #expect(result.frames.map(\.withoutColumns) == expected)
        if !compiler.contains("-O0") { #expect(result.frames.contains { $0.count == 3 }) }
    }

    /// addr2line can't read split units: the reference is the same program without.
    @Test(arguments: [4, 5])
    func splitUnitsAreRead(version: Int) throws {
        guard Workshop.hasTool("gcc") else { return }
        let workshop = try Workshop()
        try workshop.write("program.c", inlinedProgram)
        try workshop.run("gcc -O2 -gdwarf-\(version) program.c -o whole")
        try workshop.run("gcc -O2 -gdwarf-\(version) -gsplit-dwarf program.c -o split")
        let addresses = try workshop.instructions("whole", of: ["outer_calls_middle", "hidden", "main"])
        #expect(try workshop.instructions("split", of: ["outer_calls_middle", "hidden", "main"]) == addresses)
        let expected = try Reference.addr2line(workshop, "whole", addresses)
        #expect(symbolize(workshop.path("split"), addresses).frames.map(\.withoutColumns) == expected)
        // Without the .dwo files the skeleton still has the lines.
        try workshop.run("rm *.dwo")
        let bare = symbolize(workshop.path("split"), addresses)
        #expect(bare.status == 0 && bare.frames.allSatisfy { $0.count == 1 })
        #expect(bare.frames.map { $0[0].line } == expected.map { $0[0].line })
    }

    @Test func relativePathsAreJoinedWithTheCompilationDirectory() throws {
        let workshop = try Workshop()
        try workshop.run("mkdir sub")
        try workshop.write("sub/part.c", "int part(int x) { return x + 1; }\nint main(void) { return part(3); }\n")
        try workshop.run("cc -g sub/part.c -o part")
        let result = symbolize(workshop.path("part"), [try workshop.symbolAddress("part", in: "part")])
        #expect(result.frames.first?.first?.file == workshop.path("sub/part.c"))
        #expect(result.frames.first?.first?.line == 1)
    }

    @Test func namesAloneReadNoDebugInformation() throws {
        let workshop = try Workshop()
        try workshop.write("program.c", inlinedProgram)
        try workshop.run("cc -O2 -g program.c -o program")
        let addresses = try workshop.instructions("program", of: ["hidden", "outer_calls_middle"])
        let result = symbolize(workshop.path("program"), addresses, wantDwarf: false)
        #expect(result.found == UInt32(GMR_SYMBOLS_OPENED | GMR_SYMBOLS_SYMTAB))
        #expect(Set(result.names) == ["hidden", "outer_calls_middle"])
        #expect(result.frames.allSatisfy { $0.count == 1 && $0[0].file == nil && $0[0].line == 0 })
    }

    /// Sizes are honoured; a symbol without one reaches to the next symbol; an alias is the name that people call.
    @Test func symbolRules() throws {
        let workshop = try Workshop()
        try workshop.write(
            "rules.S",
            """
            .text
            .globl sized
            .type sized, @function
            sized: .skip 16, 0x90
            .size sized, 16
            .skip 16, 0x90
            .globl unsized
            .type unsized, @function
            unsized: .skip 32, 0x90
            .globl __known
            .weak known
            .type __known, @function
            .type known, @function
            .type local_known, @function
            local_known:
            known:
            __known: .skip 16, 0x90
            .size __known, 16
            .size known, 16
            .size local_known, 16
            .globl enclosing
            .type enclosing, @function
            enclosing: .skip 8, 0x90
            label_inside: .skip 8, 0x90
            .size enclosing, 16
            .globl versioned
            .type versioned, @function
            versioned: .skip 8, 0x90
            .size versioned, 8
            .section .note.GNU-stack,"",@progbits

            """)
        try workshop.run("cc -nostdlib -shared rules.S -o rules")
        let start = try workshop.symbolAddress("sized", in: "rules")
        let offsets: [UInt64] = [0, 15, 16, 31, 32, 63, 64, 79, 80, 88, 95, 96, 104]
        let result = symbolize(workshop.path("rules"), offsets.map { start + $0 })
        #expect(
            result.names == [
                "sized", "sized", nil, nil, "unsized", "unsized", "known", "known", "enclosing", "enclosing",
                "enclosing",
                "versioned", nil,
            ])
    }

    @Test func libcFunctionsBearTheNamesThatPeopleCall() throws {
        let libc = "/lib/x86_64-linux-gnu/libc.so.6"
        guard FileManager.default.fileExists(atPath: libc) else { return }
        let workshop = try Workshop()
        var addresses: [UInt64: String] = [:]
        for line in try workshop.run("nm -D \(libc)").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 3, let address = UInt64(fields[0], radix: 16) else { continue }
            for name in ["poll", "read", "epoll_wait", "pthread_cond_wait", "nanosleep", "puts", "malloc"]
            where fields[2].hasPrefix(name + "@@") {
                addresses[address] = name
            }
        }
        #expect(addresses.count == 7)
        let sorted = addresses.keys.sorted()
        for directories in ["/nonexistent", "/usr/lib/debug"] {
            for wantDwarf in [false, true] {
                let result = symbolize(libc, sorted, wantDwarf: wantDwarf, directories: directories)
                #expect(result.names == sorted.map { addresses[$0] })
            }
        }
    }

    @Test func cppNamesAreLinkerNames() throws {
        guard Reference.hasLLVM(), Workshop.hasTool("clang++") else { return }
        let workshop = try Workshop()
        try workshop.write(
            "program.cc",
            """
            #include <algorithm>
            #include <cstdio>
            namespace outer { namespace {
            struct Widget { int v; bool operator<(const Widget &o) const { return v < o.v; } };
            } // namespace
            __attribute__((noinline)) int run(int c) {
                Widget w[64];
                for (int i = 0; i < 64; i++) w[i].v = i * c % 13;
                std::sort(w, w + 64);
                auto pick = [&](int k) __attribute__((noinline)) { return w[k].v; };
                return pick(c);
            }
            } // namespace outer
            int main(int c, char **) { return std::printf("%d", outer::run(c)); }

            """)
        try workshop.run("clang++ -O2 -g program.cc -o program")
        let addresses = try workshop.instructions("program", of: ["_ZN5outer3runEi", "main"])
        let expected = try Reference.llvm(workshop, "program", addresses)
        #expect(symbolize(workshop.path("program"), addresses).frames.map(\.comparable) == expected.map(\.comparable))
    }

    @Test func theVDSOIsReadFromMemory() throws {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        guard let line = maps.split(separator: "\n").first(where: { $0.hasSuffix("[vdso]") }) else { return }
        let range = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
        let base = try #require(UnsafeRawPointer(bitPattern: range[0]))
        let image = UnsafeRawBufferPointer(start: base, count: Int(range[1] - range[0]))
        let workshop = try Workshop()
        try Data(image).write(to: URL(fileURLWithPath: workshop.path("vdso")))
        let dynamic = try workshop.run("nm -D vdso").split(separator: "\n").first { $0.contains(" W clock_gettime") }
        let address = try #require(dynamic.flatMap { UInt64($0.prefix { $0.isHexDigit }, radix: 16) })
        let result = symbolize("[vdso]", [address], buildID: try workshop.buildID("vdso"), memory: image)
        #expect(result.status == 0)
        #expect(result.names == ["clock_gettime"])
    }

    /// Who waits for a large module hears of it.
    @Test func progressGrowsWithTheUnits() throws {
        let workshop = try Workshop()
        try workshop.write("main.c", "int main(void) { return 0; }\n")
        let units = "for i in $(seq 200); do echo \"int f$i(void) { return $i; }\" > f$i.c; done"
        try workshop.run(units + " && cc -g -c f*.c && cc -g main.c -o small && cc -g main.c f*.o -o large")
        func progressCount(_ program: String) throws -> Int {
            let symbolizer = try #require(gmr_symbolizer_open("/nonexistent", nil))
            defer { gmr_symbolizer_close(symbolizer) }
            var count = 0
            var found = gmr_module_symbols_t()
            try withUnsafeMutablePointer(to: &count) { count in
                gmr_symbolizer_set_progress(symbolizer, { $0?.assumingMemoryBound(to: Int.self).pointee += 1 }, count)
                let address = [try workshop.symbolAddress("main", in: program)]
                let status = gmr_symbolize_module(
                    symbolizer, workshop.path(program), nil, 0, nil, 0, 1, address, 1, { _, _, _, _ in }, nil, &found)
                #expect(status == 0)
            }
            return count
        }
        let small = try progressCount("small")
        #expect(small >= 4)
        #expect(try progressCount("large") == small + 3)
    }

    @Test func addressesOutOfOrderAreRefusedAndStillAnswered() throws {
        let result = symbolize("/bin/sh", [7, 3])
        #expect(result.status == -EINVAL)
        #expect(result.frames == [[SourceFrame()], [SourceFrame()]])
    }

    @Test func noAddressesIsFine() throws {
        #expect(symbolize("/bin/sh", []).status == 0)
    }
}
