/// Writes a report for people, in the layout of oslo.reports (`views/text/*.py` and `report.py` there, 3.9.0):
/// headings of three lines, `key = value`, stacks outermost first.
///
/// A report can be written as it comes to be: `head(of:)` as soon as the threads are known, `section(_:)` for each
/// registered section, `tail(of:)` in the end. `render(_:)` is their concatenation. Each part ends with a line
/// break, is valid UTF-8 and holds no control character but line breaks, whatever names the program has.
///
/// Where it mends oslo.reports: identical stacks are shown once, runs of repeating frames are folded, lists keep
/// their order, a section that failed costs its own place only, and *Completeness* says what is missing.
public enum TextRenderer {
    /// The whole report.
    public static func render(_ report: Report) -> String {
        head(of: report) + report.sections.map(section).joined() + tail(of: report)
    }

    /// Title, Package, Verdict, Threads, Green Threads, Locks, Processes, Configuration: all that is known before the
    /// service's own code runs.
    public static func head(of report: Report) -> String {
        var text = ""
        writeTitle(of: report, to: &text)
        writePackage(report.package, to: &text)
        writeVerdict(report.verdict, crash: report.trigger.crash, to: &text)
        writeThreads(report.threads, to: &text)
        writeTasks(report.tasks, to: &text)
        writeLocks(report.locks, threads: report.threads, tasks: report.tasks, to: &text)
        writeProcesses(report.processes, to: &text)
        writeConfiguration(report.configuration, to: &text)
        return text
    }

    /// One registered section; one that failed shows its reason in the place of its data.
    public static func section(_ section: Section) -> String {
        var text = ""
        writeHeading(section.title, to: &text)
        if section.error == nil || section.data != .null {
            KeyValueLayout.section.write(section.data, to: &text)
        }
        if let error = section.error {
            writeLine("This section is missing: \(error)", to: &text)
        }
        return text
    }

    /// Completeness: how much of the process the report shows, what is missing and why, and what it took.
    public static func tail(of report: Report) -> String {
        var text = ""
        writeCompleteness(report.completeness, coalescedCount: report.trigger.coalescedCount, to: &text)
        return text
    }

    // MARK: Building blocks

    /// 72 `=`, `====` title centred in 64 `====`, 72 `=`.
    static func writeHeading(_ title: String, to text: inout String) {
        text += rule + "\n====" + centred(PrintableText.escaped(title), in: 64) + "====\n" + rule + "\n"
    }

    /// One line, escaped.
    static func writeLine(_ line: String, to text: inout String) {
        PrintableText.append(line, to: &text)
        text += "\n"
    }

    /// As Python's `format(text, "^width")`: of an odd number of spaces, the extra one stands to the right.
    static func centred(_ text: String, in width: Int) -> String {
        let padding = max(0, width - text.count)
        return String(repeating: " ", count: padding / 2) + text
            + String(repeating: " ", count: padding - padding / 2)
    }

    private static let rule = String(repeating: "=", count: 72)
}
