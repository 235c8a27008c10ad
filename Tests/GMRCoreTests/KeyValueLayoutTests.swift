import Testing

@testable import GMRCore

@Suite struct KeyValueLayoutTests {
    @Test func oneValueStandsAlone() {
        #expect(body("hello") == "hello\n")
        #expect(body("two\r\nlines") == "two\nlines\n")
        #expect(body(["b", "a"]) == "b\na\n")
        #expect(body([]) == "(empty)\n")
        #expect(body(nil) == "none\n")
    }

    @Test func aTableLinesUp() {
        let long = String(repeating: "x", count: 50)
        let lines = body(["t": .table(columns: ["name", "n"], rows: [[long, "1"], ["y"]])]).split(separator: "\n")
        #expect(lines[0] == "t = ")
        #expect(lines[2] == "  " + String(repeating: "-", count: 86))
        let columnEnds = [1, 3, 4].map { lines[$0].prefix { $0 != "|" }.count }
        #expect(columnEnds == [52, 52, 52])
    }

    @Test func nestingIsBounded() {
        var deep: SectionModel = "bottom"
        for _ in 0..<300 { deep = ["k": deep] }
        let text = body(deep)
        #expect(text.hasSuffix("k = (nested more than 64 deep)\n"))
        #expect(text.split(separator: "\n").count == 64)
    }

    private func body(_ model: SectionModel) -> String {
        let text = TextRenderer.section(Section(title: "s", data: model))
        return String(text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false)[3])
    }
}
