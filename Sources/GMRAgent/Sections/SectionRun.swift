import GMRCore
import Synchronization

/// One run of a section's generator, for which nobody waits beyond its deadline.
final class SectionRun: Sendable {
    private enum State {
        /// A task that no thread of the pool has taken up yet.
        case pending
        case running
        case done(Section)
        /// An earlier run has not come back, and this one never starts.
        case replaced
    }

    private let title: String
    private let deadline: Duration
    private let generator: SectionGenerator
    private let state: Mutex<State>
    private let finished = Latch()

    /// More than is shown: it is cut again when its secrets are gone.
    private static let largestErrorLength = 64 * 1024

    init(title: String, deadline: Duration, generator: SectionGenerator) {
        self.title = title
        self.deadline = deadline
        self.generator = generator
        state = Mutex(.pending)
    }

    /// Stands in for a run that an earlier report started: the section says so instead of starting another.
    func replace(stuck: SectionRun) {
        state.withLock { $0 = .replaced }
        finished.open()
    }

    var isDone: Bool {
        state.withLock { if case .done = $0 { true } else { false } }
    }

    func start() {
        switch generator {
        case .synchronous(let body): startThread(body)
        case .asynchronous(let body):
            Task.detached {
                self.state.withLock { $0 = .running }
                do {
                    self.finish(Section(title: self.title, data: try await body()))
                } catch {
                    self.finish(throwing: error)
                }
            }
        }
    }

    private func startThread(_ body: @escaping @Sendable () throws -> SectionModel) {
        state.withLock { $0 = .running }
        let result = DetachedThread.start(name: "gmr-section") {
            do {
                self.finish(Section(title: self.title, data: try body()))
            } catch {
                self.finish(throwing: error)
            }
        }
        if result != 0 { finish(Section(title: title, error: "no thread for it: \(String(describingErrno: result))")) }
    }

    private func finish(throwing error: any Error) {
        let text = String(describing: error)
        finish(Section(title: title, error: "its generator threw: \(text.prefix(Self.largestErrorLength))"))
    }

    private func finish(_ section: Section) {
        state.withLock { $0 = .done(section) }
        finished.open()
    }

    /// What the run gave, or why it gave nothing by its deadline. Blocks until then at most.
    func section(since begin: ContinuousClock.Instant) -> Section {
        finished.wait(until: begin + deadline)
        let milliseconds = Int(deadline / .milliseconds(1))
        return state.withLock { state in
            switch state {
            case .done(let section): section
            case .pending:
                Section(
                    title: title,
                    error: "its generator was not started in \(milliseconds) ms: every thread of the concurrency pool "
                        + "is busy or blocked")
            case .running: Section(title: title, error: "its generator did not finish in \(milliseconds) ms")
            case .replaced: Section(title: title, error: "its generator still runs since an earlier report")
            }
        }
    }
}
