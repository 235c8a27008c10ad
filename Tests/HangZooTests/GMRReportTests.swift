import Foundation
import Testing

@Suite struct GMRReportTests {
    private let json = """
        {"schema": "gmr-report/1",
         "threads": [
           {"tid": 7, "name": "alpha", "state": "sleeping", "capture": "noTouch", "stop": "complete", "frames": [
             {"address": "0x7f00000000ab", "function": "Orders.submit(_:)", "mangled": "$s6Orders6submityyF",
              "inlined": true, "async": false},
             {"address": "0x10", "function": "read"},
             {"address": "0x11"},
             {"address": "0x12", "function": "a suspended caller", "async": true}]},
           {"tid": 8, "name": null, "capture": "none", "captureProblem": "did not answer"}],
         "completeness": {"threadsFound": 2, "threadsCaptured": 1, "gaps": ["tid 8: did not answer"]}}
        """

    @Test func framesBearTheLinkersNameAndAsyncOnesAreNoPartOfTheStack() throws {
        let report = try GMRReport(Data(json.utf8), fileName: "r")
        let thread = try #require(report.thread(7))
        #expect(
            thread.observed.frames == [
                ObservedFrame(address: 0x7f00_0000_00ab, name: "$s6Orders6submityyF", isInlined: true),
                ObservedFrame(address: 0x10, name: "read"),
                ObservedFrame(address: 0x11, name: nil),
            ])
        #expect(thread.stop == "complete")
        #expect(report.threads(named: "alpha").count == 1)
    }

    @Test func whatIsMissingIsRead() throws {
        let report = try GMRReport(Data(json.utf8), fileName: "r")
        let thread = try #require(report.thread(8))
        #expect(thread.capture == "none")
        #expect(thread.captureProblem == "did not answer")
        #expect(thread.observed.frames.isEmpty)
        #expect(report.threadsFound == 2)
        #expect(report.threadsCaptured == 1)
        #expect(report.gaps == ["tid 8: did not answer"])
    }

    @Test func anotherSchemaIsRefused() {
        #expect(throws: ObservationFailure.self) {
            try GMRReport(Data(#"{"schema": "gmr-report/2"}"#.utf8), fileName: "r")
        }
    }
}
