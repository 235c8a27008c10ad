import CUnwindShim
import GMRCore
import Synchronization

/// Who is told of each report: the service's sinks, which get it, and observers, which only hear how it went.
final class ReportObservers: Sendable {
    static let shared = ReportObservers()

    typealias Observer = @Sendable (ReportSummary) -> Void

    private struct State {
        var sinks: [any ReportSink] = []
        var observers: [Observer] = []
    }

    private let state = Mutex(State())

    func set(sinks: [any ReportSink]) {
        state.withLock { state in
            state.sinks = sinks
            Self.want(state)
        }
    }

    func add(observer: @escaping Observer) {
        state.withLock { state in
            state.observers.append(observer)
            Self.want(state)
        }
    }

    func removeAll() {
        state.withLock { state in
            state = State()
            Self.want(state)
        }
    }

    /// Hands the report to all sinks; one line on standard error for each that refuses, without secrets.
    /// - Returns: Whether one of them took it.
    func deliver(_ report: FinishedReport, masker: SecretMasker, progress: () -> Void) -> Bool {
        var isTaken = false
        for sink in state.withLock({ $0.sinks }) {
            do {
                try sink.deliver(report)
                isTaken = true
            } catch {
                let reason = masker.masked("\(sink.name) did not take the report: \(error)")
                DescriptorStream().writeLine("gmr: \(reason)")
            }
            progress()
        }
        return isTaken
    }

    func tell(_ summary: ReportSummary) {
        for observer in state.withLock({ $0.observers }) { observer(summary) }
    }

    /// The agent wakes the worker only for what there is.
    private static func want(_ state: State) {
        let sinks = state.sinks.isEmpty ? 0 : UInt32(GMR_WORK_SINKS)
        let account = state.observers.isEmpty ? 0 : UInt32(GMR_WORK_ACCOUNT)
        gmr_agent_want(sinks | account)
    }
}
