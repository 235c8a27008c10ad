import CUnwindShim
import Foundation
import ProcessKit
import Testing

@testable import GMRAgent

/// The process under observation may write anywhere: whatever it makes of the arena, reading it ends with a report or
/// a reason, never with a crash.
@Suite struct DamagedArenaTests {
    private static let slotCount = 64

    @Test func aWholeArenaIsReadAsItWasWritten() throws {
        let arena = try Arena()
        let decoder = CaptureDecoder(arena: arena.header)
        #expect(try decoder.setup().serviceName == "fuzz")
        let process = decoder.capture()
        #expect(process.threads.count == Self.slotCount && process.modules.count == 4)
        #expect(process.threads[3].frames.count == 5 && process.modules[1].path == "/bin/sh")
        #expect(decoder.sectionTitles().map(\.title) == ["Pool"])
    }

    @Test func randomBytesCostNoCrash() throws {
        let arena = try Arena()
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        for round in 0..<2_000 {
            arena.restore()
            arena.damage(with: &random)
            // Megabytes of zeros are as many titles and sections; reading them is slow and hardly ever something else.
            if round % 500 != 0 {
                arena.header.pointee.publications.0.bytes.0 %= 300
                arena.header.pointee.publications.0.bytes.1 %= 300
                arena.header.pointee.section_bytes %= 300
            }
            let decoder = CaptureDecoder(arena: arena.header)
            let process = decoder.capture()
            #expect(process.threads.count <= Self.slotCount)
            for address in [0, UInt64.max, random.next()] { _ = process.module(at: address) }
            #expect(decoder.sectionTitles().count <= Int(GMR_PUBLICATION_CAPACITY_BYTES))
            _ = decoder.configuration()
            guard let setup = try? decoder.setup() else { continue }
            var sections = SectionStream(
                arena: arena.header, decoder: decoder, defaultDeadline: setup.settings.sectionDeadline,
                masker: SecretMasker(knownSecrets: [])
            ) {}
            arena.header.pointee.section_state = UInt32(GMR_SECTIONS_DONE)
            while !sections.next().isEmpty {}
        }
    }

    /// The whole way to the text, where a number may be added to another one.
    @Test func aReportOfRandomNumbersIsRendered() throws {
        let arena = try Arena()
        var random = Xorshift(state: 0xD1B5_4A32_D192_ED03)
        for _ in 0..<50 {
            arena.restore()
            arena.damage(with: &random)
            arena.header.pointee.slot_count = 8
            let decoder = CaptureDecoder(arena: arena.header)
            guard let setup = try? decoder.setup() else { continue }
            let builder = ReportBuilder(decoder: decoder, setup: setup, place: .worker) {}
            let (report, _) = builder.build(hiddenProcesses: [], earlierFailures: [], fetchObstacle: nil)
            #expect(!TextRenderer.render(report).isEmpty && !JSONRenderer.render(report).isEmpty)
        }
    }

    @Test func aMinicoreOfRandomNumbersIsWritten() throws {
        let arena = try Arena()
        var random = Xorshift(state: 0x94D0_49BB_1331_11EB)
        let null = open("/dev/null", O_WRONLY)
        defer { close(null) }
        #expect(gmr_minicore_write(arena.header, nil, null) == 0)
        for _ in 0..<500 {
            arena.restore()
            for index in 0..<64 as Range<UInt32> {
                let slot = gmr_arena_slot(arena.header, index)!
                slot.pointee.method = UInt32(GMR_CAPTURE_NO_TOUCH)
                slot.pointee.stack_base = UInt64(UInt(bitPattern: arena.header)) + random.next() % 65536
                slot.pointee.stack_bytes = UInt32(random.next() % 65536)
                for frame in 0..<5 {
                    gmr_slot_frames(slot)![frame].cfa = slot.pointee.stack_base + random.next() % 131_072
                }
            }
            arena.damage(with: &random)
            let error = gmr_minicore_write(arena.header, nil, null)
            #expect([0, -ENODATA].contains(error))
        }
        arena.header.pointee.slot_count = 0
        #expect(gmr_minicore_write(arena.header, nil, null) == -ENODATA)
        arena.header.pointee.arena_bytes += 1
        #expect(gmr_minicore_write(arena.header, nil, null) == -EPROTO)
    }

    @Test func theLargestNumbersAreText() throws {
        let arena = try Arena()
        arena.header.pointee.capture_error = .max
        arena.header.pointee.threads_dropped = .max
        arena.header.pointee.realtime_ns = .max
        let process = CaptureDecoder(arena: arena.header).capture()
        #expect(process.gaps.contains { $0.hasPrefix("the threads could not be listed: Unknown error") })
    }

    /// For people the C side writes what it can, and nobody is left waiting.
    @Test func aWorkerThatCannotReadItsSetUpSaysSo() throws {
        let arena = try Arena()
        arena.header.pointee.setup_bytes = 3
        #expect(Worker.finish(arena: arena.header, work: .deliver).isEmpty)
    }
}

/// An arena of the test's own, in the layout that the agent gives it.
private final class Arena {
    let header: UnsafeMutablePointer<gmr_arena_header_t>
    private let byteCount: Int
    /// Header, set-up, registry, modules, strings, and the slots' facts with their first frames.
    private var parts: [(place: UnsafeMutableRawPointer, bytes: [UInt8])] = []

    init() throws {
        func aligned(_ count: Int) -> UInt64 { UInt64((count + 4095) / 4096 * 4096) }
        var layout = gmr_arena_header_t()
        layout.magic = 0x3154_524F_5045_5247
        layout.version = 3
        layout.header_bytes = GMR_PAGE_BYTES
        layout.setup_offset = UInt64(GMR_PAGE_BYTES)
        layout.module_offset = layout.setup_offset + UInt64(GMR_SETUP_CAPACITY_BYTES)
        layout.module_offset += UInt64(GMR_PUBLICATION_COUNT) * 2 * UInt64(GMR_PUBLICATION_CAPACITY_BYTES)
        layout.string_offset =
            layout.module_offset + aligned(Int(GMR_MODULE_CAPACITY) * MemoryLayout<gmr_module_t>.stride)
        layout.section_offset = layout.string_offset + UInt64(GMR_STRING_CAPACITY_BYTES)
        layout.slot_offset =
            gmr_task_references_offset() + UInt64(GMR_TASK_REFERENCE_CAPACITY)
            * UInt64(MemoryLayout<gmr_task_reference_t>.stride)
        layout.slot_capacity = 64
        layout.arena_bytes = withUnsafePointer(to: &layout) { layout in
            UInt64(UInt(bitPattern: gmr_arena_slot(layout, 64)) - UInt(bitPattern: layout))
        }
        byteCount = Int(layout.arena_bytes)
        let stream = try #require(tmpfile())
        defer { fclose(stream) }
        let file = fileno(stream)
        try #require(ftruncate(file, byteCount) == 0)
        try #require(pwrite(file, &layout, MemoryLayout<gmr_arena_header_t>.size, 0) > 0)
        header = try #require(gmr_arena_map(file))
        fill()
    }

    deinit { munmap(header, byteCount) }

    private func fill() {
        let base = UnsafeMutableRawPointer(header)
        let setup = SetupRecord(
            package: "fuzz", serviceName: "fuzz", settings: Settings(),
            outputs: StandardOutputs(directory: nil, isStandardErrorServed: true),
            configuration: ConfigurationRecord(configuration: ConfigurationSnapshot(), secretKeys: SecretKeys()),
            executable: "/bin/fuzz", arguments: ["fuzz"], host: "here",
            started: nil, debuginfod: nil
        ).wireBytes
        header.pointee.setup_bytes = UInt32(setup.count)
        var titles = WireWriter()
        titles.write(SectionTitle(title: "Pool", deadline: nil))
        header.pointee.publications.0.bytes.1 = UInt32(titles.bytes.count)
        header.pointee.publications.0.version = 1
        let strings = Array("/bin/fuzz\0/bin/sh\0/lib/none.so\0[vdso]\0".utf8)
        header.pointee.string_bytes = UInt32(strings.count)
        header.pointee.pid = getpid()
        header.pointee.generation = 7
        header.pointee.module_count = 4
        header.pointee.slot_count = 64
        put(setup, at: base + Int(header.pointee.setup_offset))
        let titlesOffset = GMR_PAGE_BYTES + GMR_SETUP_CAPACITY_BYTES + GMR_PUBLICATION_CAPACITY_BYTES
        put(titles.bytes, at: base + Int(titlesOffset))
        put(strings, at: base + Int(header.pointee.string_offset))
        let modules = gmr_arena_modules(header)!
        for (index, path) in [0, 10, 18, 31].enumerated() {
            modules[index].start = UInt64(index + 1) << 20
            modules[index].end = modules[index].start + 0x8_0000
            modules[index].load_bias = modules[index].start
            modules[index].path_offset = UInt32(path)
            modules[index].build_id_bytes = 20
        }
        keep(modules, 4 * MemoryLayout<gmr_module_t>.stride)
        header.pointee.task_count = 16
        header.pointee.task_state = UInt32(GMR_TASKS_READ)
        header.pointee.task_frame_count = 64
        header.pointee.task_text_bytes = 64
        let tasks = gmr_arena_tasks(header)!
        for index in 0..<16 {
            tasks[index].address = UInt64(index + 1) << 12
            tasks[index].id = UInt64(index + 1)
            tasks[index].awaited_kind = UInt32(index % 5)
            tasks[index].awaited = UInt64(index) << 12
            tasks[index].first_frame = UInt32(index * 4)
            tasks[index].frame_count = 4
            tasks[index].name_bytes = 4
        }
        keep(tasks, 16 * MemoryLayout<gmr_task_t>.stride)
        for index in 0..<64 as Range<UInt32> {
            let slot = gmr_arena_slot(header, index)!
            slot.pointee.state = UInt32(GMR_SLOT_CAPTURED)
            slot.pointee.tid = 100 + Int32(index)
            slot.pointee.generation = 7
            slot.pointee.frame_count = 5
            let frames = gmr_slot_frames(slot)!
            for frame in 0..<5 { frames[frame].address = UInt64(frame) << 20 + UInt64(index) }
            keep(slot, 512 + 5 * 24)
        }
        keep(header, MemoryLayout<gmr_arena_header_t>.size)
    }

    private func put(_ bytes: [UInt8], at place: UnsafeMutableRawPointer) {
        place.copyMemory(from: bytes, byteCount: bytes.count)
        keep(place, bytes.count)
    }

    private func keep(_ place: UnsafeMutableRawPointer, _ count: Int) {
        parts.append((place, Array(UnsafeRawBufferPointer(start: place, count: count))))
    }

    func restore() {
        for part in parts { part.place.copyMemory(from: part.bytes, byteCount: part.bytes.count) }
    }

    /// Some bytes of some parts become others: single ones, or words of ones, zeros and signs.
    func damage(with random: inout Xorshift) {
        let hard: [UInt64] = [0, .max, 1 << 63, 1 << 31, 0x7FFF_FFFF_FFFF_FFFF]
        for _ in 0...random.next() % 24 {
            // Half of it where the numbers are; what gmr_arena_map has checked stays, as does who the process is.
            let isHeader = random.next() % 2 == 0
            let part = isHeader ? parts[parts.count - 1] : parts[Int(random.next() % UInt64(parts.count))]
            let first = part.place == UnsafeMutableRawPointer(header) ? 76 : 0
            let offset = first + Int(random.next() % UInt64(part.bytes.count - first))
            let word = random.next() % 2 == 0 ? hard[Int(random.next() % 5)] : random.next()
            let width = min([1, 4, 8][Int(random.next() % 3)], part.bytes.count - offset)
            withUnsafeBytes(of: word) { (part.place + offset).copyMemory(from: $0.baseAddress!, byteCount: width) }
        }
    }
}
