import CUnwindShim
import GMRCore
import Glibc
import Synchronization

/// One run of a section's generator, on a thread of its own that nobody waits for beyond the deadline.
final class SectionRun: Sendable {
    private enum State {
        case running
        case done(Section)
        /// It belongs to an earlier report and has not come back.
        case abandoned
    }

    let title: String
    private let generator: SectionRegistry.Generator
    private let state: Mutex<State>
    private let finished = Latch()

    private static let stackByteCount = 512 * 1024
    private static let largestErrorLength = 2000

    init(title: String, generator: @escaping SectionRegistry.Generator) {
        self.title = title
        self.generator = generator
        state = Mutex(.running)
    }

    /// A stand-in for a run that an earlier report started: the section says so instead of starting another.
    func asStillRunning() -> SectionRun {
        let run = SectionRun(title: title, generator: generator)
        run.state.withLock { $0 = .abandoned }
        run.finished.open()
        return run
    }

    var isDone: Bool {
        state.withLock { if case .done = $0 { true } else { false } }
    }

    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackByteCount)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                gmr_thread_name("gmr-section")
                Unmanaged<SectionRun>.fromOpaque(context!).takeRetainedValue().generate()
                return nil
            }, context.toOpaque())
        if result != 0 {
            context.release()
            finish(Section(title: title, error: "no thread for it: \(String(describingErrno: result))"))
        }
    }

    private func generate() {
        do {
            finish(Section(title: title, data: try generator()))
        } catch {
            let text = String(describing: error)
            finish(Section(title: title, error: "its generator threw: \(text.prefix(Self.largestErrorLength))"))
        }
    }

    private func finish(_ section: Section) {
        state.withLock { $0 = .done(section) }
        finished.open()
    }

    /// What the run gave, or why it gave nothing by `end`. Blocks until then at most.
    func section(before end: ContinuousClock.Instant, deadline: Duration) -> Section {
        finished.wait(until: end)
        return state.withLock { state in
            switch state {
            case .done(let section): section
            case .running:
                Section(title: title, error: "its generator did not finish in \(Int(deadline / .milliseconds(1))) ms")
            case .abandoned:
                Section(title: title, error: "its generator still runs since an earlier report")
            }
        }
    }
}
