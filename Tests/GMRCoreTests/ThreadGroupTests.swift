import Testing

@testable import GMRCore

@Suite struct ThreadGroupTests {
    @Test func onlyIdenticalStacksAreGrouped() {
        let groups = ThreadGroup.groups(of: [
            thread(1, [1, 2]), thread(2, [1, 3]), thread(3, [1, 2]), thread(4, [1, 2], stop: .truncated),
            thread(5, [1, 2], function: "other"), thread(6, []), thread(7, [1, 2]),
        ])
        #expect(groups.map { $0.threads.map(\.tid) } == [[1, 3, 7], [2], [4], [5], [6]])
    }

    @Test func threadsWithoutAStackAreGroupedByReason() {
        let groups = ThreadGroup.groups(of: [failed(1, "late"), failed(2, "gone"), failed(3, "late"), thread(4, [])])
        #expect(groups.map { $0.threads.map(\.tid) } == [[1, 3], [2], [4]])
        var text = ""
        TextRenderer.writeThreads([failed(1, "late"), failed(3, "late")], to: &text)
        #expect(text.contains("2 Threads without a stack"))
        #expect(text.contains("\nThreads 1, 3\n\nNo Traceback!\n\nNot captured: late\n"))
    }

    @Test func aStateIsInTheHeadingOnlyWhereAllShareIt() {
        var text = ""
        TextRenderer.writeThreads([thread(1, [1], state: .running), thread(2, [1], state: .sleeping)], to: &text)
        #expect(text.contains(" 2 Threads with the same stack "))
        #expect(text.contains("\nThreads 1 running, 2 sleeping\n"))
    }

    @Test func manyMembersTakeSeveralLines() {
        var text = ""
        TextRenderer.writeThreads((1...500).map { thread($0 + 10_000, [1]) }, to: &text)
        #expect(text.contains("500 Threads with the same stack"))
        #expect(text.contains("\nThreads 10001, 10002,"))
        #expect(text.contains(" 10500\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 101 })
    }

    private func thread(
        _ tid: Int32, _ addresses: [UInt64], stop: ThreadSnapshot.StopReason = .complete, function: String = "f",
        state: ThreadSnapshot.State? = nil
    ) -> ThreadSnapshot {
        let frames = addresses.map { Frame(address: $0, function: function) }
        return ThreadSnapshot(tid: tid, state: state, capture: .noTouch, frames: frames, stop: stop)
    }

    private func failed(_ tid: Int32, _ problem: String) -> ThreadSnapshot {
        ThreadSnapshot(tid: tid, capture: .none, captureProblem: problem)
    }
}
