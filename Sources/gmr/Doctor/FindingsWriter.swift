import GMRCore

/// Findings as text for people and as JSON for programs. Names and values are whatever somebody chose to make them, so
/// they are escaped.
enum FindingsWriter {
    static func text(_ groups: [FindingGroup]) -> String {
        groups.map { group in
            PrintableText.escaped(group.title) + "\n" + group.findings.map(lines).joined()
        }.joined(separator: "\n")
    }

    private static func lines(of finding: Finding) -> String {
        let indentation = String(repeating: " ", count: 9)
        let status = finding.status.rawValue
        let first = status + indentation.dropFirst(status.count) + PrintableText.escaped(finding.text) + "\n"
        return first + (finding.advice.map { "\(indentation)do: \(PrintableText.escaped($0))\n" } ?? "")
    }

    /// One array over all groups; the key `advice` is null where there is nothing to do.
    static func json(_ groups: [FindingGroup]) -> String {
        var json = JSONWriter()
        json.array(inline: false) { json in
            for (group, finding) in groups.flatMap({ group in group.findings.map { (group.name, $0) } }) {
                json.object(inline: true) { json in
                    json.field("check") { $0.string("\(group).\(finding.check)") }
                    json.field("status") { $0.string(finding.status.rawValue) }
                    json.field("finding") { $0.string(finding.text) }
                    json.field("advice") { json in
                        if let advice = finding.advice { json.string(advice) } else { json.null() }
                    }
                }
            }
        }
        return json.text + "\n"
    }
}
