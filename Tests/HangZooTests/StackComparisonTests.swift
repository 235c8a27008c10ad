import ProcessKit
import Testing

/// The comparison on literal values: it must be able to fail.
@Suite struct StackComparisonTests {
    private struct ReadAliases: AliasSource {
        func areAliases(_ first: String?, _ second: String?, in module: String?) -> Bool {
            Set([first, second]) == ["read", "__read"]
        }
    }

    private let frames = [
        ObservedFrame(address: 0x10, name: "read"),
        ObservedFrame(address: 0x20, name: "inner", isInlined: true),
        ObservedFrame(address: 0x20, name: "waits_for_ever"),
        ObservedFrame(address: 0x30, name: "outer"),
    ]

    private func difference(
        _ seen: [ObservedFrame], _ referee: [ObservedFrame], thread: String = "worker",
        expectation: ZooCase.Expectation = .complete, isTruncated: Bool = false, full: String? = nil
    ) -> String? {
        StackComparison(aliases: ReadAliases(), nameFromDebugFiles: { _ in full }).difference(
            seen: ObservedThread(tid: 1, name: thread, frames: seen),
            referee: ObservedThread(tid: 1, name: thread, frames: referee), label: "gdb", expectation: expectation,
            isTruncated: isTruncated)
    }

    private func changed(_ index: Int, _ change: (inout ObservedFrame) -> Void) -> [ObservedFrame] {
        var frames = frames
        change(&frames[index])
        return frames
    }

    @Test func equalStacksDoNotDiffer() {
        #expect(difference(frames, frames) == nil)
    }

    @Test func anAddressANameOrAnInlinedFrameThatDiffersIsFound() throws {
        let text = try #require(difference(changed(3) { $0.address += 1 }, frames))
        #expect(text.hasPrefix("frame 3: addresses differ"))
        #expect(text.contains("→ #3 0x31 outer | 0x30 outer"))
        #expect(difference(changed(3) { $0.name = "other" }, frames)?.hasPrefix("frame 3: names differ") == true)
        #expect(difference(changed(3) { $0.name = nil }, frames) != nil)
        #expect(difference(changed(1) { $0.isInlined = false }, frames) != nil)
    }

    @Test func aMissingFrameIsFound() {
        #expect(difference(Array(frames.dropLast()), frames)?.hasPrefix("frame 3: 3 frames against 4") == true)
        #expect(difference(frames, Array(frames.dropLast())) != nil)
        #expect(difference(frames.filter { !$0.isInlined }, frames) != nil)
        #expect(difference([], frames) != nil)
    }

    @Test func aThreadThatMovesIsComparedFromTheMarkerOutward() {
        let moved = [ObservedFrame(address: 0x99, name: "handler")] + frames
        #expect(difference(moved, frames, thread: "hot-1") == nil)
        #expect(difference(moved, frames, thread: "worker") != nil)
        #expect(difference(changed(3) { $0.address += 1 }, frames, thread: "hot-1") != nil)
        #expect(difference([frames[3]], frames, thread: "hot-1") != nil, "without the marker")
    }

    @Test func onlyWhatIsExpectedIsCompared() {
        let wrongCaller = changed(3) { $0.address += 1 }
        #expect(difference(wrongCaller, frames, expectation: .innermost(3)) == nil)
        #expect(difference(wrongCaller, frames, expectation: .innermost(4)) != nil)
        let cut = Array(frames.prefix(2))
        #expect(difference(cut, frames, expectation: .completeOrTruncated, isTruncated: true) == nil)
        #expect(difference(cut, frames, expectation: .completeOrTruncated) != nil)
        #expect(difference(cut, frames, isTruncated: true) != nil)
    }

    @Test func aliasesAndNamesOfDebugFilesPassAndInventedNamesDoNot() {
        #expect(difference(changed(0) { $0.name = "__read" }, frames) == nil)
        let stripped = changed(0) { $0.name = nil }
        #expect(difference(frames, stripped, full: "read") == nil)
        #expect(difference(frames, stripped, full: "__read") == nil)
        #expect(difference(frames, stripped, full: "write") != nil)
        #expect(difference(frames, stripped) != nil)
    }

    @Test func aSymbolVersionIsNoPartOfAName() {
        #expect(ObservedFrame(address: 1, name: "read@@GLIBC_2.2.5") == ObservedFrame(address: 1, name: "read"))
    }

    @Test func onlyFinishedReportsAreReports() {
        #expect(ReportDirectory.isReport("hangzoo_gurumeditation_20261120202451", serviceName: "hangzoo"))
        #expect(ReportDirectory.isReport("hangzoo_gurumeditation_20261120202451_2", serviceName: "hangzoo"))
        #expect(!ReportDirectory.isReport(".hangzoo_gurumeditation_20261120202451.tmp", serviceName: "hangzoo"))
        #expect(!ReportDirectory.isReport("stderr", serviceName: "hangzoo"))
    }
}
