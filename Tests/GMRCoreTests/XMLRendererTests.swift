import Foundation
import GMRCore
import Testing

/// XML reports as a program reads them, held against the JSON of the same report.
@Suite struct XMLRendererTests {
    @Test func aReportIsParsedBack() throws {
        let text = XMLRenderer.render(SampleReport.service)
        #expect(
            text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<model>\n  <schema>gmr-report/1</schema>\n"))
        #expect(text.hasSuffix("\n</model>\n"))
        let threads = try #require(XMLTree.parse(text).children.first { $0.name == "threads" })
        #expect(threads.children.map { $0.children[0].text } == ["4711", "4712", "4713", "4714", "4717", "4718"])
    }

    @Test func everyKeyOfTheJSONIsThere() throws {
        try expectSame(SampleReport.service)
    }

    @Test func everyKeyIsThereWhateverItIs() throws {
        let names = [
            "", " ", "1st", "xml:lang", "item", "null", "größe", "a&b<c>\"d'", "]]>", "<!--", "two\r\nlines\t", "\r",
            "\u{1B}[2J", "\u{0}", "\u{9B}", "\u{202E}", "\u{FFFE}\u{FFFF}", "\u{10FFFF}",
            "👩‍👩‍👧", "a\u{338}", "\u{338}", PrintableText.string(fromUntrusted: [0x61, 0xFF, 0xC3]),
        ]
        for name in names { try expectSame(SampleReport.everywhere(name)) }
        try expectSame(SampleReport.everywhere(names.joined()))
    }

    @Test func sectionsOfEveryShape() throws {
        var deep: SectionModel = "bottom"
        for _ in 0..<300 { deep = ["deeper": deep] }
        try expectSame(
            Report(
                generated: SampleReport.clock, trigger: Trigger(kind: .api), process: ProcessIdentity(pid: 1),
                package: "p",
                sections: [
                    Section(title: "table", data: .table(columns: ["a", "a"], rows: [["1", "2", "3"], ["4"], []])),
                    Section(title: "numbers", data: [.double(.nan), .integer(.min), .double(1e300)]),
                    Section(title: "null"), Section(title: "text", data: "x"), Section(title: "empty", data: []),
                    Section(title: "failed", error: "it threw"), Section(title: "deep", data: deep),
                    Section(title: "same key twice", data: ["a": 1, "a": 2]),
                ]))
    }

    /// Both trees side by side: the same keys in each object, as many elements in each list, the same leaves.
    private func expectSame(_ report: Report, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let json = try JSONDecoder().decode(JSONTree.self, from: Data(JSONRenderer.render(report).utf8))
        let xml = try XMLTree.parse(XMLRenderer.render(report))
        let differences = differences(json, xml, at: "")
        #expect(differences.isEmpty, sourceLocation: sourceLocation)
    }

    private func differences(_ json: JSONTree, _ xml: XMLTree, at path: String) -> [String] {
        switch json {
        case .null:
            return xml.attributes["null"] == "true" && xml.text.isEmpty ? [] : ["\(path): not null"]
        case .leaf(let text):
            return xml.children.isEmpty && xml.text.sameScalars(as: inXML(text)) ? [] : ["\(path): \(xml.text)"]
        case .array(let elements):
            guard elements.count == xml.children.count else { return ["\(path): \(xml.children.count) elements"] }
            return zip(elements, xml.children).enumerated().flatMap { index, pair in
                (pair.1.key == nil ? [] : ["\(path)/\(index): has a key"])
                    + differences(pair.0, pair.1, at: "\(path)/\(index)")
            }
        case .object(let fields):
            var rest = xml.children
            let found = fields.sorted { $0.key < $1.key }.flatMap { key, value in
                let key = inXML(key)
                guard let index = rest.firstIndex(where: { $0.key?.sameScalars(as: key) == true }) else {
                    return ["\(path)/\(key): missing"]
                }
                return differences(value, rest.remove(at: index), at: "\(path)/\(key)")
            }
            return found + rest.map { "\(path)/\($0.key ?? "item"): not in the JSON" }
        }
    }

    /// What is not printable is escaped in XML, and exact in JSON.
    private func inXML(_ text: String) -> String {
        text.unicodeScalars.map {
            "\n\r\t".unicodeScalars.contains($0) ? String($0) : PrintableText.escaped(String($0))
        }
        .joined()
    }
}

extension String {
    /// `==` of strings takes equivalent ones for the same.
    fileprivate func sameScalars(as other: String) -> Bool {
        unicodeScalars.elementsEqual(other.unicodeScalars)
    }
}

/// JSON as `JSONDecoder` reads it, leaves as the text that XML has for them.
private indirect enum JSONTree: Decodable {
    case null
    case leaf(String)
    case array([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .leaf(String(value))
        } else if let value = try? container.decode(Int64.self) {
            self = .leaf(String(value))
        } else if let value = try? container.decode(Double.self) {
            self = .leaf(String(value))
        } else if let value = try? container.decode(String.self) {
            self = .leaf(value)
        } else if let value = try? container.decode([JSONTree].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }
}
