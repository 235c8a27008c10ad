import CUnwindShim
import GMRCore
import Glibc
import Synchronization

/// The sections that the service has registered, and how their generators are run: a thread each, a deadline each.
final class SectionRegistry: Sendable {
    static let shared = SectionRegistry()

    typealias Generator = @Sendable () throws -> SectionModel

    /// One registered section. `run` is the run under way or the last one.
    private struct Entry {
        var title: String
        var generator: Generator
        var run: SectionRun?
    }

    private let entries = Mutex<[Entry]>([])
    private let deadlineNanoseconds = Atomic<UInt64>(1_000_000_000)

    var deadline: Duration {
        get { .nanoseconds(Int64(clamping: deadlineNanoseconds.load(ordering: .relaxed))) }
        set { deadlineNanoseconds.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    func register(_ title: String, generator: @escaping Generator) {
        entries.withLock { entries in
            entries.append(Entry(title: title, generator: generator))
            var writer = WireWriter()
            writer.write(title)
            // The helper names a section by this list where the process itself cannot run it any more.
            _ = writer.bytes.withUnsafeBytes { gmr_agent_append_registry($0.baseAddress, UInt32($0.count)) }
        }
    }

    func removeAll() {
        entries.withLock { $0.removeAll() }
    }

    /// Starts all generators and appends each section to the arena as it is there, in the order of registration.
    /// Runs on the sections thread; returns when all are done or out of time.
    func run(into arena: UnsafeMutablePointer<gmr_arena_header_t>, generation: UInt32) {
        let end = ContinuousClock.now + deadline
        let runs = start()
        gmr_arena_set_section_state(arena, generation, UInt32(GMR_SECTIONS_RUNNING))
        for run in runs {
            let section = run.section(before: end, deadline: deadline)
            if append(section, to: arena, generation: generation) == -ENOSPC {
                let reason = "its data is larger than what is left of \(Int(GMR_SECTION_CAPACITY_BYTES) >> 20) MiB"
                _ = append(Section(title: section.title, error: reason), to: arena, generation: generation)
            }
        }
    }

    private func start() -> [SectionRun] {
        entries.withLock { entries in
            entries.indices.map { index in
                if let run = entries[index].run, !run.isDone { return run.asStillRunning() }
                let run = SectionRun(title: entries[index].title, generator: entries[index].generator)
                entries[index].run = run
                run.start()
                return run
            }
        }
    }

    private func append(
        _ section: Section, to arena: UnsafeMutablePointer<gmr_arena_header_t>, generation: UInt32
    ) -> Int32 {
        var writer = WireWriter()
        writer.write(section)
        return writer.bytes.withUnsafeBytes {
            gmr_arena_append_section(arena, generation, $0.baseAddress, UInt32(clamping: $0.count))
        }
    }
}
