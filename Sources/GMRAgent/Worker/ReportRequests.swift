import GMRCore
import Glibc
import Synchronization

/// The answer that a blocked thread waits for.
final class AwaitedAnswer: Sendable {
    private let answer = Mutex<ReportRequests.Answer?>(nil)
    private let latch = Latch()

    func give(_ answer: ReportRequests.Answer) {
        self.answer.withLock { $0 = answer }
        latch.open()
    }

    func wait() -> ReportRequests.Answer {
        while true {
            if let answer = answer.withLock({ $0 }) { return answer }
            latch.wait(until: .now + .seconds(3600))
        }
    }
}

/// Callers of `report()` and `writeReport(to:)` that wait for the next one. Each is answered exactly once.
final class ReportRequests: Sendable {
    typealias Answer = Result<Report, GuruMeditationError>
    typealias Request = @Sendable (Answer) -> Void

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
    func add(of owner: GuruMeditation, _ request: @escaping Request) -> UInt64 {
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
        for request in list.withLock({ $0.take { $0.number == number } }) { request(.failure(error)) }
    }

    /// Answers all that still wait for reports of `owner`.
    func failAll(of owner: GuruMeditation, with error: GuruMeditationError) {
        let (owner, pid) = (ObjectIdentifier(owner), getpid())
        for request in list.withLock({ $0.take { $0.owner == owner && $0.pid == pid } }) {
            request(.failure(error))
        }
    }
}
