import GMRCore
import Synchronization

/// Callers of `report()` that wait for the next one.
final class ReportRequests: Sendable {
    typealias Request = CheckedContinuation<Report, Never>

    static let shared = ReportRequests()

    private let waiting = Mutex<[Request]>([])

    func add(_ request: Request) {
        waiting.withLock { $0.append(request) }
    }

    /// Everybody who asked before the capture that is being finished, and nobody twice. A request that comes during
    /// the capture is answered by it too; its own trigger then finds nobody waiting.
    func takeAll() -> [Request] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
