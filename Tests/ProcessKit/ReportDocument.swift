import Foundation

/// Of a report in JSON, what tests of processes look at; the keys are those of the contract `gmr-report/1`.
public struct ReportDocument: Decodable {
    public struct Fault: Decodable {
        public var signal: String
        public var code: String
        public var address: String?
        public var thread: Int32
        public var message: String?
        public var stackOverflow: Bool
    }
    public struct End: Decodable {
        public var signal: String?
        public var coreDump: Bool?
        public var cgroup: String?
        public var memoryKills: UInt64?
        public var memoryLimitBytes: UInt64?
    }
    public struct UnansweredHeartbeat: Decodable {
        public var target: String
        public var silentNanoseconds: UInt64
    }
    public struct Trigger: Decodable {
        public var kind: String
        public var signal: String?
        public var crash: Fault?
        public var end: End?
        public var watchdog: UnansweredHeartbeat?
    }
    public struct Process: Decodable {
        public var pid: Int32
        public var started: String?
        public var serviceName: String?
    }
    public struct ProcessNode: Decodable {
        public var command: String?
        public var children: [ProcessNode]

        /// Its own, and those of its descendants.
        fileprivate var commands: [String] { [command ?? ""] + children.flatMap(\.commands) }
    }
    public struct Package: Decodable {
        public var product: String
        public var version: String?
    }
    public struct Verdict: Decodable {
        public var kind: String
        public var summary: String
        public var threads: [Int32]
        public var tasks: [UInt64]
    }
    public struct Wait: Decodable {
        public var kind: String
        public var description: String
        public var owner: Int32?
        public var ownerProcess: Int32?
        public var ownerAlive: Bool?
        /// Nil: false.
        public var refused: Bool?
    }
    public struct Frame: Decodable {
        public var address: String
        public var function: String?
        public var file: String?
        public var source: String?
        public var line: Int?
        public var inlined: Bool
        public var async: Bool
    }
    public struct Thread: Decodable {
        public var tid: Int32
        public var name: String?
        public var current: Bool
        public var capture: String
        public var task: UInt64?
        public var waitsFor: Wait?
        public var frames: [Frame]
        public var stop: String?

        /// Without inlined frames, the innermost first.
        public var addresses: [UInt64] {
            frames.filter { !$0.inlined }.compactMap { UInt64($0.address.dropFirst(2), radix: 16) }
        }
    }
    public struct TaskWait: Decodable {
        public var kind: String
        public var task: UInt64?
        public var actorType: String?
        public var heldByTask: UInt64?
        public var heldByThread: Int32?
    }
    public struct Task: Decodable {
        public var id: UInt64
        public var name: String?
        public var state: String
        public var kind: String
        public var priority: String
        public var cancelled: Bool
        public var new: Bool?
        public var thread: Int32?
        public var parent: UInt64?
        public var children: [UInt64]
        public var waitsFor: TaskWait?
        public var framesCut: Bool?
        public var ageNanoseconds: UInt64?
        public var unchangedNanoseconds: UInt64?
        public var origin: Frame?
        public var locals: [String: String]?
        /// Nil where `sameStackAs` says which task has the same.
        public var frames: [Frame]?
        public var sameStackAs: UInt64?
        public var stack: [Frame] { frames ?? [] }
    }
    public struct Edge: Decodable {
        public var waiter: Int32
        public var owner: Int32
        public var kind: String
    }
    public struct Deadlock: Decodable {
        public var certainty: String
        public var timed: Bool
        public var threads: [Int32]
        public var tasks: [UInt64]
        public var edges: [Edge]
        /// Of those that go over tasks, which have no edges.
        public var path: [Step]?
    }
    public struct Step: Decodable {
        public var thread: Int32?
        public var task: UInt64?
        public var waitsFor: String
    }
    public struct Locks: Decodable {
        public var deadlocks: [Deadlock]
    }
    public struct Section: Decodable {
        public var title: String
        public var error: String?
    }
    public struct Completeness: Decodable {
        public var finishedBy: String
        public var threadsFound: Int
        public var threadsCaptured: Int
        public var tasksFound: Int
        public var gaps: [String]
    }

    public var generated: String
    public var trigger: Trigger
    public var process: Process
    public var package: Package
    public var verdict: Verdict
    public var threads: [Thread]
    public var tasks: [Task]
    public var locks: Locks
    public var processes: [ProcessNode]
    public var sections: [Section]
    public var completeness: Completeness

    /// Of all processes.
    public var commands: [String] { processes.flatMap(\.commands) }

    /// Of all threads.
    public var functions: [String] { threads.flatMap(\.frames).compactMap(\.function) }

    public static func decode(_ data: Data) throws -> ReportDocument {
        try JSONDecoder().decode(ReportDocument.self, from: data)
    }
}
