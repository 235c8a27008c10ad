import CUnwindShim
import GMRCore
import Glibc
import Synchronization

/// The sections that the service has registered, and how their generators are run, all at a time.
final class SectionRegistry: Sendable {
    static let shared = SectionRegistry()

    /// One registered section. `run` is the run under way or the last one.
    private struct Entry {
        var number: UInt64
        var title: SectionTitle
        var generator: SectionGenerator
        var run: SectionRun?
    }

    private struct List {
        var entries: [Entry] = []
        var lastNumber: UInt64 = 0
        /// Where a section was given no time of its own.
        var deadline: Duration = .seconds(1)

        /// The helper names a section by this list where the process itself cannot run it any more. Of more titles than
        /// it holds, the last ones are sections that are missing without a word in such a report.
        func publish() {
            var writer = WireWriter()
            for entry in entries where writer.bytes.count + entry.title.title.utf8.count < Self.byteCountLimit {
                writer.write(entry.title)
            }
            _ = writer.bytes.withUnsafeBytes {
                gmr_agent_publish(UInt32(GMR_PUBLISHED_SECTION_TITLES), $0.baseAddress, UInt32($0.count))
            }
        }

        private static let byteCountLimit = Int(GMR_PUBLICATION_CAPACITY_BYTES) - 64
    }

    private let list = Mutex(List())

    func setDeadline(_ deadline: Duration) {
        list.withLock { $0.deadline = deadline }
    }

    func register(_ title: String, deadline: Duration?, generator: SectionGenerator) -> SectionRegistration {
        list.withLock { list in
            list.lastNumber += 1
            let title = SectionTitle(title: title, deadline: deadline?.limited)
            list.entries.append(Entry(number: list.lastNumber, title: title, generator: generator))
            list.publish()
            return SectionRegistration(number: list.lastNumber)
        }
    }

    func remove(_ number: UInt64) {
        // What a generator holds on to is let go of without the lock: it may register something itself.
        let removed = list.withLock { list -> Entry? in
            guard let index = list.entries.firstIndex(where: { $0.number == number }) else { return nil }
            let entry = list.entries.remove(at: index)
            list.publish()
            return entry
        }
        _ = removed
    }

    func removeAll() {
        let removed = list.withLock { list in
            let entries = list.entries
            list.entries = []
            return entries
        }
        _ = removed
    }

    /// Starts all generators and appends each section to the arena as it is there, in the order of registration.
    /// Runs on the sections thread; returns when all are done or out of time.
    func run(into arena: UnsafeMutablePointer<gmr_arena_header_t>, generation: UInt32) {
        let begin = ContinuousClock.now
        let runs = start()
        gmr_arena_set_section_state(arena, generation, UInt32(GMR_SECTIONS_RUNNING))
        for run in runs {
            let section = run.section(since: begin)
            if section.data.exceeds(byteCount: Int(GMR_SECTION_LIMIT_BYTES)) {
                let reason = "its data is larger than \(Int(GMR_SECTION_LIMIT_BYTES) >> 20) MiB"
                append(Section(title: section.title, error: reason), to: arena, generation: generation)
            } else {
                append(section, to: arena, generation: generation)
            }
        }
    }

    private func start() -> [SectionRun] {
        list.withLock { list in
            list.entries.indices.map { index in
                let entry = list.entries[index]
                let deadline = entry.title.deadline ?? list.deadline
                let run = SectionRun(title: entry.title.title, deadline: deadline, generator: entry.generator)
                if let earlier = entry.run, !earlier.isDone {
                    run.replace(stuck: earlier)
                } else {
                    list.entries[index].run = run
                    run.start()
                }
                return run
            }
        }
    }

    private func append(
        _ section: Section, to arena: UnsafeMutablePointer<gmr_arena_header_t>, generation: UInt32
    ) {
        var writer = WireWriter()
        writer.write(section)
        let result = writer.bytes.withUnsafeBytes {
            gmr_arena_append_section(arena, generation, $0.baseAddress, UInt32(clamping: $0.count))
        }
        guard result == -ENOSPC, section.error == nil else { return }
        let reason = "no room is left for it: all sections together take \(Int(GMR_SECTION_CAPACITY_BYTES) >> 20) MiB"
        append(Section(title: section.title, error: reason), to: arena, generation: generation)
    }
}
