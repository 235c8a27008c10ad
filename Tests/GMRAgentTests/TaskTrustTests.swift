import CUnwindShim
import Testing

@testable import GMRAgent
@testable import GMRCore

/// Tasks of GMR's own that were read wrongly: what cannot be believed of others is left out.
@Suite struct TaskTrustTests {
    private static let probes = [
        gmr_task_probe_t(address: 0x1000, id: 1, job_flags: 0x4000_0000, priority: 17, is_cancelled: 1, reserved: 0),
        gmr_task_probe_t(address: 0x2000, id: 2, job_flags: 0x1100_0000, priority: 17, is_cancelled: 1, reserved: 0),
    ]

    /// As they are read where all is well.
    private static func tasks() -> [gmr_task_t] {
        var waiter = gmr_task_t()
        waiter.address = 0x1000
        waiter.id = 1
        waiter.job_flags = 0x4000_0000
        waiter.status_flags = 0x4000 | 0x100 | 17
        waiter.awaited_kind = UInt32(GMR_AWAITS_TASK)
        waiter.awaited = 0x2000
        waiter.awaited_id = 2
        waiter.name_bytes = UInt32(TaskProbes.name.utf8.count)
        var child = gmr_task_t()
        child.address = 0x2000
        child.id = 2
        child.job_flags = 0x1100_0000
        child.status_flags = 0x4000 | 0x100 | 17
        child.awaited_kind = UInt32(GMR_AWAITS_CONTINUATION)
        child.parent = 0x1000
        return [waiter, child]
    }

    private static func trust(
        in tasks: [gmr_task_t], probes: [gmr_task_probe_t] = probes, name: String = TaskProbes.name,
        hasRoom: Bool = true
    ) -> TaskTrust {
        tasks.withUnsafeBufferPointer { TaskTrust(probes: probes, tasks: $0, hasRoom: hasRoom) { _ in name } }
    }

    private static func task(at address: UInt64) -> CapturedTask {
        CapturedTask(
            snapshot: TaskSnapshot(id: 7, name: "seven", state: .suspended), address: address, prefersExecutor: false,
            parent: 0x3000, awaits: .continuation, frames: [])
    }

    @Test func whatIsRightIsBelieved() throws {
        let trust = Self.trust(in: Self.tasks())
        #expect(trust.gaps.isEmpty)
        #expect(trust.checked(Self.task(at: 0x1000)) == nil && trust.checked(Self.task(at: 0x2000)) == nil, "own ones")
        let other = try #require(trust.checked(Self.task(at: 0x3000)))
        #expect(other.snapshot.name == "seven" && other.parent == 0x3000 && other.awaits == .continuation)
        #expect(Self.trust(in: Self.tasks(), name: "").gaps.isEmpty, "a record without what is on stacks")
    }

    @Test(arguments: ["number", "kind", "state", "priority", "cancelled"])
    func withoutTheEssentialsThereIsNoTask(field: String) {
        var tasks = Self.tasks()
        switch field {
        case "number": tasks[0].id = 9
        case "kind": tasks[1].job_flags = 0
        case "state": tasks[1].status_flags |= 0x800
        case "priority": tasks[0].status_flags ^= 4
        default: tasks[0].status_flags ^= 0x100
        }
        let trust = Self.trust(in: tasks)
        #expect(trust.checked(Self.task(at: 0x3000)) == nil)
        #expect(trust.gaps.count == 1 && trust.gaps[0].hasSuffix("was read wrongly; none is listed"), "\(trust.gaps)")
    }

    @Test func aFieldThatIsWrongIsLeftOut() throws {
        var tasks = Self.tasks()
        tasks[1].parent = 0
        var task = try #require(Self.trust(in: tasks).checked(Self.task(at: 0x3000)))
        #expect(task.parent == 0 && task.snapshot.name == "seven" && task.awaits == .continuation)
        #expect(Self.trust(in: tasks).gaps.map { $0.contains("parents left out") } == [true])

        tasks = Self.tasks()
        tasks[0].awaited = 0x5000
        task = try #require(Self.trust(in: tasks).checked(Self.task(at: 0x3000)))
        #expect(task.awaits == nil && task.parent == 0x3000)
        #expect(Self.trust(in: tasks).gaps.map { $0.contains("what they wait for left out") } == [true])

        let trust = Self.trust(in: Self.tasks(), name: "gmr prob\u{1}")
        task = try #require(trust.checked(Self.task(at: 0x3000)))
        #expect(task.snapshot.name == nil && trust.gaps.map { $0.contains("names left out") } == [true])
    }

    @Test func aNameThatDidNotFitIsNotWrong() {
        var tasks = Self.tasks()
        tasks[0].name_bytes = 0
        #expect(!Self.trust(in: tasks, name: "").gaps.isEmpty)
        #expect(Self.trust(in: tasks, name: "", hasRoom: false).gaps.isEmpty)
    }

    @Test func whereOneIsMissingOthersMayBe() throws {
        let trust = Self.trust(in: [Self.tasks()[0]])
        #expect(trust.gaps == ["Swift tasks: one of GMR's own was not found; there may be more"])
        #expect(trust.checked(Self.task(at: 0x3000)) != nil)
        let none = Self.trust(in: [], probes: [gmr_task_probe_t(), gmr_task_probe_t()])
        #expect(none.gaps.isEmpty && none.checked(Self.task(at: 0)) != nil)
    }
}
