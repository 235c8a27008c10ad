import CUnwindShim
import Foundation
import GMRCore
import ProcessKit
import Testing

@testable import GMRAgent

/// How much is tried, and what: another seed makes other records.
private enum Fuzz {
    static let usualCount = 5_000
    /// `GMR_FUZZ_RECORDS`.
    static let count: Int = number("GMR_FUZZ_RECORDS") ?? usualCount
    /// `GMR_FUZZ_SEED`, which is not 0.
    static let seed: UInt64 = number("GMR_FUZZ_SEED") ?? 0x9e37_79b9_7f4a_7c15

    /// For a run that somebody has asked for.
    static var limit: TimeLimitTrait.Duration { .minutes(count > usualCount ? 60 : 10) }

    private static func number<Value: FixedWidthInteger>(_ name: String) -> Value? {
        guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else { return nil }
        guard let value = Value(text), value > 0 else { fatalError("\(name)=\(text) is no number above 0") }
        return value
    }
}

/// A decoder that trusts no number: whatever a file says, it is read without a crash, a hang, or more memory than it has.
@Suite(.timeLimit(Fuzz.limit)) struct RecordFuzzTests {
    @Test func arbitraryBytesAreRead() throws {
        let program = try CrashProgram.named("fault-on-worker")
        let crash = try program.run(environment: ["GMR_RECORD": "1", "GMR_RECORD_STACKS": "1"])
        defer { crash.process.kill() }
        let original = [UInt8](try Data(contentsOf: try #require(try crash.record())))
        var random = Xorshift(state: Fuzz.seed)
        let file = crash.process.directory.appending(path: "mutated")
        let descriptor = open(file.path, O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        var sound = 0
        for round in 0..<Fuzz.count {
            var bytes = original
            Self.mutate(&bytes, with: &random)
            _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            ftruncate(descriptor, bytes.count)
            lseek(descriptor, 0, SEEK_SET)
            let isSound = Self.read(descriptor) { arena in
                // What the file has, in whole pages.
                guard round % 500 == 0 else { return }
                #expect(Self.memory(of: arena) <= bytes.count + 4096, "round \(round), seed \(Fuzz.seed)")
            }
            if isSound { sound += 1 }
        }
        #expect(sound > Fuzz.count / 10, "mutations that no decoder sees prove nothing: \(sound)")
    }

    /// Everything but looking files up, which are those of the machine.
    private static func read(_ descriptor: Int32, look: (UnsafeMutablePointer<gmr_arena_header_t>) -> Void) -> Bool {
        var isWhole: Int32 = 0
        var error: Int32 = 0
        guard let arena = gmr_record_map(descriptor, &isWhole, &error) else { return false }
        defer { gmr_record_unmap(arena) }
        look(arena)
        let decoder = CaptureDecoder(arena: arena, isRecord: true)
        _ = try? decoder.setup()
        _ = decoder.sectionTitles()
        let process = decoder.capture()
        var threads = process.threads.map { captured in
            var snapshot = captured.snapshot
            snapshot.frames = captured.frames.prefix(64).map { frame in
                Frame(address: frame.address, module: process.module(at: frame.address)?.name)
            }
            return snapshot
        }
        let analysis = LockAnalysis(of: process, threads: &threads, decoder: decoder) { _ in nil }
        let report = Report(
            generated: process.captured, trigger: process.trigger, process: ProcessIdentity(pid: process.pid),
            package: "fuzz", verdict: Verdict(crash: process.trigger.crash, locks: analysis.locks, threads: threads),
            threads: threads, locks: analysis.locks)
        _ = TextRenderer.render(report).utf8.count + JSONRenderer.render(report).utf8.count
        return true
    }

    /// Single bits, numbers at their limits, and copies of other parts.
    private static func mutate(_ bytes: inout [UInt8], with random: inout Xorshift) {
        for _ in 0..<(1 + random.below(8)) {
            // Most of a page is empty: half of the changes go to the header and the first slots' heads.
            let at = random.below(2) == 0 ? random.below(bytes.count) : random.below(min(bytes.count, 6000))
            switch random.below(4) {
            case 0: bytes[at] ^= 1 << UInt8(random.below(8))
            case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 2:
                let limits: [UInt64] = [0, 1, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, .max, 1 << 40]
                let value = limits[random.below(limits.count)]
                for index in 0..<8 where at & ~7 + index < bytes.count {
                    bytes[at & ~7 + index] = UInt8(truncatingIfNeeded: value >> (UInt64(index) * 8))
                }
            default:
                let from = random.below(bytes.count)
                for index in 0..<random.below(64) where at + index < bytes.count && from + index < bytes.count {
                    bytes[at + index] = bytes[from + index]
                }
            }
        }
        if random.below(16) == 0 { bytes.removeLast(random.below(bytes.count)) }
    }

    /// What an arena takes, in bytes.
    private static func memory(of arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Int {
        let byteCount = Int(arena.pointee.arena_bytes)
        var pages = [UInt8](repeating: 0, count: byteCount / 4096)
        mincore(arena, byteCount, &pages)
        return pages.count { $0 & 1 != 0 } * 4096
    }
}
