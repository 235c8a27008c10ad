import GMRCore
import Glibc
import Synchronization

/// Callers of `report()` that wait for the next one. Each is answered exactly once.
final class ReportRequests: Sendable {
    typealias Answer = Result<Report, GuruMeditationError>
    typealias Request = CheckedContinuation<Answer, Never>

    static let shared = ReportRequests()

    private struct Waiting {
        var number: UInt64
        var owner: ObjectIdentifier
        /// A fork child has its parent's list too, and answers none of it: those tasks run in the parent.
        var pid: Int32
        var request: Request
    }

    private struct List {
        var waiting: [Waiting] = []
        var lastNumber: UInt64 = 0

        mutating func take(where isWanted: (Waiting) -> Bool) -> [Request] {
            let taken = waiting.filter(isWanted)
            waiting.removeAll(where: isWanted)
            return taken.map(\.request)
        }
    }

    private let list = Mutex(List())

    /// - Returns: A number to withdraw the request by.
    func add(_ request: Request, of owner: GuruMeditation) -> UInt64 {
        list.withLock { list in
            list.lastNumber += 1
            list.waiting.append(
                Waiting(number: list.lastNumber, owner: ObjectIdentifier(owner), pid: getpid(), request: request))
            return list.lastNumber
        }
    }

    /// Everybody who asked before the capture that is being finished, and nobody twice. A request that comes during
    /// the capture is answered by it too; its own trigger then finds nobody waiting.
    func takeAll() -> [Request] {
        let pid = getpid()
        return list.withLock { $0.take { $0.pid == pid } }
    }

    var isEmpty: Bool {
        let pid = getpid()
        return list.withLock { list in !list.waiting.contains { $0.pid == pid } }
    }

    /// Answers one request with an error, unless it has been answered.
    func fail(_ number: UInt64, with error: GuruMeditationError) {
        for request in list.withLock({ $0.take { $0.number == number } }) { request.resume(returning: .failure(error)) }
    }

    /// Answers all that still wait for reports of `owner`.
    func failAll(of owner: GuruMeditation, with error: GuruMeditationError) {
        let (owner, pid) = (ObjectIdentifier(owner), getpid())
        for request in list.withLock({ $0.take { $0.owner == owner && $0.pid == pid } }) {
            request.resume(returning: .failure(error))
        }
    }
}
