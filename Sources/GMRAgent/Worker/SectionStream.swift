import CUnwindShim
import GMRCore

/// The registered sections as they arrive in the arena, from the process's own thread, with an end to all patience.
struct SectionStream {
    private let arena: UnsafeMutablePointer<gmr_arena_header_t>
    private let decoder: CaptureDecoder
    private let end: ContinuousClock.Instant
    private let patience: Duration
    private let progress: () -> Void
    private var missingTitles: ArraySlice<String>
    private var seenByteCount = 0

    private static let slice: Duration = .milliseconds(200)

    init(
        arena: UnsafeMutablePointer<gmr_arena_header_t>, decoder: CaptureDecoder, deadline: Duration,
        progress: @escaping () -> Void
    ) {
        self.arena = arena
        self.decoder = decoder
        self.progress = progress
        // The process needs a moment beyond the generators' own deadline to say that one missed it.
        patience = deadline + .milliseconds(300)
        end = .now + patience
        missingTitles = decoder.registeredTitles()[...]
    }

    /// The next sections; empty at the end. Where the process does not answer, its sections come with the reason.
    mutating func next() -> [Section] {
        while true {
            let sections = takeArrived()
            if !sections.isEmpty { return sections }
            // `done` is published after the last bytes: look once more when it is seen.
            if gmr_load_acquire(&arena.pointee.section_state) != UInt32(GMR_SECTIONS_RUNNING) { return takeArrived() }
            let left = end - .now
            guard left > .zero else { return giveUp() }
            gmr_arena_wait_sections(arena, UInt32(seenByteCount), min(left, Self.slice).nanoseconds)
            progress()
        }
    }

    private mutating func takeArrived() -> [Section] {
        let bytes = decoder.sectionBytes()
        guard bytes.count > seenByteCount else { return [] }
        var reader = WireReader(Array(bytes[seenByteCount...]))
        seenByteCount = bytes.count
        var sections: [Section] = []
        while !reader.isAtEnd, let section = try? reader.read(Section.self) { sections.append(section) }
        missingTitles = missingTitles.dropFirst(sections.count)
        return sections
    }

    private mutating func giveUp() -> [Section] {
        defer { missingTitles = [] }
        let milliseconds = Int(patience / .milliseconds(1))
        return missingTitles.map {
            Section(
                title: $0,
                error: "the process could not run its generator within \(milliseconds) ms; "
                    + "most likely a stuck thread holds a lock that every thread needs")
        }
    }
}
