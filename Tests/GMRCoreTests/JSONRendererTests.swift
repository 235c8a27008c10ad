import Foundation
import GMRCore
import Testing

/// JSON reports as a program reads them.
@Suite struct JSONRendererTests {
    @Test func aReportIsParsedBack() throws {
        let json = try parse(JSONRenderer.render(SampleReport.service))
        #expect(json["schema"] as? String == "gmr-report/1")
        #expect(json["generated"] as? String == "2026-11-20T20:24:51.861Z")
        let threads = try #require(json["threads"] as? [[String: Any]])
        #expect(threads.compactMap { $0["tid"] as? Int } == [4711, 4712, 4713, 4714, 4717, 4718])
        let frames = try #require(threads[0]["frames"] as? [[String: Any]])
        #expect(
            frames.map { $0["function"] as? String } == [
                "closure #1 in Orders.submit(_:)", "Orders.submit(_:)", "main",
            ])
        #expect(frames[0]["address"] as? String == "0x555500001250")
        #expect(frames[0]["inlined"] as? Bool == true)
        #expect(frames[2]["line"] == nil)
        #expect(threads[4]["stop"] as? String == "unreadable")
    }

    /// So that ten thousand tasks have their stacks, and a million are no flood.
    @Test func stacksRepeatThemselvesUpTo64MB() throws {
        let frames = (1...64).map { Frame(address: $0, function: String(repeating: "f", count: 1_000), isAsync: true) }
        let other = [Frame(address: 7, function: "alone", isAsync: true)]
        var tasks = (1...1_500).map { TaskSnapshot(id: $0, state: .suspended, frames: frames) }
        tasks.append(TaskSnapshot(id: 1_501, state: .suspended, frames: other))
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .signal), process: ProcessIdentity(pid: 1),
            package: "many", threads: [], tasks: tasks)
        let json = JSONRenderer.render(report)
        #expect(json.utf8.count > 64 << 20 && json.utf8.count < 66 << 20)
        let written = try #require(parse(json)["tasks"] as? [[String: Any]])
        let whole = written.filter { ($0["frames"] as? [[String: Any]])?.count == 64 }
        #expect(whole.count > 800 && whole.allSatisfy { $0["sameStackAs"] == nil })
        let rest = written.dropFirst(whole.count).dropLast()
        #expect(rest.count + whole.count == 1_500)
        #expect(rest.allSatisfy { $0["frames"] == nil && $0["sameStackAs"] as? Int == 1 })
        #expect((written.last?["frames"] as? [[String: Any]])?.first?["function"] as? String == "alone")
        let xml = XMLRenderer.render(report)
        #expect(xml.utf8.count > 64 << 20 && xml.contains("<sameStackAs>1</sameStackAs>"))
    }

    @Test func whatIsNotKnownIsAbsent() throws {
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .watchdog), process: ProcessIdentity(pid: 1),
            package: "tiny",
            threads: [
                ThreadSnapshot(tid: 1, capture: .none),
                ThreadSnapshot(tid: 2, capture: .ptrace, frames: [Frame(address: 0)]),
            ])
        let json = try parse(JSONRenderer.render(report))
        #expect(Set(try #require(json["trigger"] as? [String: Any]).keys) == ["kind", "coalesced"])
        #expect(Set(try #require(json["process"] as? [String: Any]).keys) == ["pid", "arguments"])
        #expect(Set(try #require(json["package"] as? [String: Any]).keys) == ["product"])
        let threads = try #require(json["threads"] as? [[String: Any]])
        #expect(Set(threads[0].keys) == ["tid", "current", "capture", "frames"])
        let frames = try #require(threads[1]["frames"] as? [[String: Any]])
        #expect(Set(frames[0].keys) == ["address", "inlined", "async"])
        #expect((json["completeness"] as? [String: Any])?["stages"] as? [String: Int] == [:])
    }

    @Test func hostileTextIsKeptExactly() throws {
        let name = "\u{1B}]0;x\u{7}\u{202E}\"\\\n\u{0}"
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .api), process: ProcessIdentity(pid: 1), package: "p",
            threads: [ThreadSnapshot(tid: 1, name: name, capture: .noTouch)],
            configuration: ConfigurationSnapshot(groups: [
                .init(name: name, options: [.init(key: name, value: name)]), .init(name: name, options: []),
            ]))
        let text = JSONRenderer.render(report)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        let json = try parse(text)
        #expect((json["threads"] as? [[String: Any]])?[0]["name"] as? String == name)
        let configuration = try #require(json["configuration"] as? [String: [String: String]])
        #expect(configuration == [name: [name: name], name + " (2)": [:]])
    }

    @Test func providersAreKeyedLikeTheirOptions() throws {
        func json(_ provider: String?) throws -> [String: Any] {
            let report = Report(
                generated: SampleReport.clock, trigger: Trigger(kind: .api), process: ProcessIdentity(pid: 1),
                package: "p",
                configuration: ConfigurationSnapshot(groups: [
                    .init(name: "a", options: [.init(key: "k", value: "1")]),
                    .init(
                        name: "a",
                        options: [
                            .init(key: "k", value: "2"),
                            .init(key: "k", value: "3", isSecret: true, provider: provider),
                        ]),
                ]))
            return try parse(JSONRenderer.render(report))
        }
        let known = try json("file")
        #expect(
            known["configuration"] as? [String: [String: String]] == [
                "a": ["k": "1"], "a (2)": ["k": "2", "k (2)": "***"],
            ])
        #expect(known["configurationProviders"] as? [String: [String: String]] == ["a (2)": ["k (2)": "file"]])
        #expect(try json(nil)["configurationProviders"] == nil)
    }

    @Test func sections() throws {
        var deep: SectionModel = "bottom"
        for _ in 0..<300 { deep = ["deeper": deep] }
        let report = Report(
            generated: SampleReport.clock, trigger: Trigger(kind: .api), process: ProcessIdentity(pid: 1), package: "p",
            sections: [
                Section(title: "table", data: .table(columns: ["a", "a"], rows: [["1", "2", "3"], ["4"]])),
                Section(title: "numbers", data: [.double(.nan), .integer(.min)]),
                Section(title: "null"), Section(title: "failed", error: "it threw"),
                Section(title: "half", data: 1, error: "it stopped"), Section(title: "deep", data: deep),
            ])
        let json = try parse(JSONRenderer.render(report))
        let sections = try #require(json["sections"] as? [[String: Any]])
        #expect(sections[0]["data"] as? [[String: String]] == [["a": "1", "a (2)": "2", "column 3": "3"], ["a": "4"]])
        let numbers = try #require(sections[1]["data"] as? [Any])
        #expect(numbers[0] as? String == "nan")
        #expect(numbers[1] as? Int64 == .min)
        #expect(sections[2]["data"] is NSNull)
        #expect(sections[3]["data"] == nil)
        #expect(sections[3]["error"] as? String == "it threw")
        #expect(sections[4]["data"] as? Int == 1)
    }

    private func parse(_ text: String) throws -> [String: Any] {
        #expect(text.hasSuffix("}\n"))
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
