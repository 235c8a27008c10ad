import CUnwindShim
import Foundation
import Testing

/// No crash, no leak of descriptors, a clear errno, and an answer for every address.
struct BrokenFileTests {
    @Test func whatIsNotAnELFFileIsRefused() throws {
        let workshop = try Workshop()
        try workshop.write("text", "#!/bin/sh\n")
        try workshop.run("mkfifo fifo && mkdir directory && : > empty")
        for name in ["text", "fifo", "directory", "empty"] {
            let result = symbolize(workshop.path(name), [1])
            #expect(result.status == -ENOEXEC && result.openError == ENOEXEC, "\(name)")
            #expect(result.frames == [[SourceFrame()]])
        }
        #expect(symbolize(workshop.path("missing"), [1]).status == -ENOENT)
        #expect(symbolize(nil, [1]).status == -ENOENT)
        #expect(symbolize("/dev/zero", [1]).status == -ENOEXEC)
        try workshop.write("object.c", "int f(void) { return 1; }\n")
        try workshop.run("cc -c object.c -o object.o")
        #expect(symbolize(workshop.path("object.o"), [1]).status == -ENOEXEC)
    }

    @Test func truncatedAndDamagedFilesAreSurvived() throws {
        let workshop = try Workshop()
        try workshop.write(
            "program.c",
            """
            static inline __attribute__((always_inline)) int inner(int x) { return x * x; }
            __attribute__((noinline)) int work(int x) { return inner(x) + inner(x + 1); }
            int main(int count, char **arguments) { (void)arguments; return work(count); }

            """)
        try workshop.run("gcc -O2 -g program.c -o program")
        let addresses = try workshop.instructions("program")
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: workshop.path("program"))))
        var random = SplitMix(state: 20_240_229)

        func check(_ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: workshop.path("damaged")))
            let result = symbolize(workshop.path("damaged"), addresses)
            #expect(result.status <= 0)
            #expect(result.frames.allSatisfy { !$0.isEmpty && $0.last?.isInlined == false })
            bytes.withUnsafeBytes { _ = symbolize(nil, addresses, memory: $0) }
        }
        for size in stride(from: 0, to: good.count, by: 97) { try check(Array(good[..<size])) }
        let headers = good.count - 64 * 40  // the section headers are at the end
        for _ in 0..<1_500 {
            var bytes = good
            for _ in 0..<(1 + Int(random.next() % 8)) {
                let isHeader = random.next() % 2 == 0
                let position =
                    isHeader ? headers + Int(random.next() % (64 * 40)) : Int(random.next() % UInt64(good.count))
                bytes[position] =
                    [0x00, 0xff, 0x7f, 0x80, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 5)]
            }
            try check(bytes)
        }
        #expect(try openDescriptors(under: workshop.directory).isEmpty)
    }

    /// Other tests of the process open descriptors meanwhile, so only those of this test's files count.
    private func openDescriptors(under directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0) }
            .filter { $0.hasPrefix(directory) }
    }
}

/// Seeded, so that a failure comes back.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
