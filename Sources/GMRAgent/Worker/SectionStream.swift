import CUnwindShim
import GMRCore

/// The registered sections, without secrets, as they arrive in the arena, from the process's own thread, with an end to all patience.
struct SectionStream {
    private let arena: UnsafeMutablePointer<gmr_arena_header_t>
    private let decoder: CaptureDecoder
    private let begin = ContinuousClock.now
    /// Of the section that may take longest.
    private let deadline: Duration
    private let startDeadline: Duration
    private let progress: () -> Void
    private let masker: SecretMasker
    private var missingTitles: ArraySlice<String>
    private var seenByteCount: UInt32 = 0

    private static let slice: Duration = .milliseconds(200)

    init(
        arena: UnsafeMutablePointer<gmr_arena_header_t>, decoder: CaptureDecoder, defaultDeadline: Duration,
        masker: SecretMasker, progress: @escaping () -> Void
    ) {
        self.arena = arena
        self.decoder = decoder
        self.progress = progress
        self.masker = masker
        let registered = decoder.sectionTitles()
        missingTitles = registered.map(\.title)[...]
        deadline = registered.map { $0.deadline ?? defaultDeadline }.max() ?? defaultDeadline
        startDeadline = min(defaultDeadline, deadline) / 2
    }

    /// The next sections; empty at the end. Where the process does not answer, its sections come with the reason.
    mutating func next() -> [Section] {
        while true {
            let sections = takeArrived()
            if !sections.isEmpty { return sections }
            let state = gmr_load_acquire(&arena.pointee.section_state)
            let patience: Duration
            switch Int(state) {
            case GMR_SECTIONS_DONE:
                // Published after the last bytes: look once more.
                return takeArrived()
            case GMR_SECTIONS_NO_MEMORY: return giveUp("the process has no memory left to run its generator")
            case GMR_SECTIONS_CRASHED:
                return giveUp("the process has crashed, and running its code once more might do harm")
            case GMR_SECTIONS_BUSY: return giveUp(Self.blocked + "since an earlier report")
            case GMR_SECTIONS_ASKED:
                // Starting the generators takes no time, unless a lock that is held keeps the process from it.
                patience = startDeadline
            default:
                // The process needs a moment beyond the deadline to say that a generator missed it.
                patience = deadline + .milliseconds(300)
            }
            let left = begin + patience - .now
            guard left > .zero else { return giveUp(Self.blocked + "for \(Int(patience / .milliseconds(1))) ms") }
            gmr_arena_wait_sections(arena, seenByteCount, state, min(left, Self.slice).nanoseconds)
            progress()
        }
    }

    private mutating func takeArrived() -> [Section] {
        let bytes = decoder.sectionBytes(beyond: seenByteCount)
        var reader = WireReader(bytes)
        seenByteCount += UInt32(bytes.count)
        var sections: [Section] = []
        while !reader.isAtEnd, let section = try? reader.read(Section.self) {
            sections.append(section.masked(by: masker))
            progress()
        }
        missingTitles = missingTitles.dropFirst(sections.count)
        return sections
    }

    private static let blocked =
        "the process cannot run its generator, most likely because a stuck thread holds a lock that every thread "
        + "needs: blocked "

    private mutating func giveUp(_ reason: String) -> [Section] {
        defer { missingTitles = [] }
        return missingTitles.map { Section(title: masker.masked($0), error: reason) }
    }
}
