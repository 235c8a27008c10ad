import GMRAgent
import GMRCore

/// A raw record in a few lines.
struct RecordSummary {
    var file: String
    var isWhole: Bool
    var report: Report
    var modules: [RawRecord.Module]

    var text: String {
        var lines = ["\(file): a raw record" + (isWhole ? "" : ", cut: the file ends too early")]
        let process = report.process
        lines.append(
            "process \(process.pid)" + (process.executable.map { ", \($0)" } ?? "")
                + (process.host.map { ", on \($0)" } ?? "") + ", at \(report.generated.iso8601)")
        lines.append("package \(report.package.product) \(report.package.version ?? "")".trimmed)
        lines.append(report.verdict.summary)
        let completeness = report.completeness
        lines.append(
            "\(completeness.threadsCaptured) of \(completeness.threadsFound) threads, "
                + "\(completeness.framesSymbolized) of \(completeness.frames) frames with a name")
        let missing = modules.filter { !$0.isFound }
        if missing.isEmpty {
            lines.append("All \(modules.count) files that it had loaded are here.")
        } else {
            lines.append("Files that it had loaded, and that are not here with the same build ID:")
            lines += missing.map { "  \($0.path)  \($0.buildID ?? "without a build ID")" }
            lines.append("Copy them into a folder and name it: gmr render \(file) --symbols FOLDER")
        }
        return lines.map { PrintableText.escaped($0) + "\n" }.joined()
    }
}

extension String {
    fileprivate var trimmed: String { last == " " ? String(dropLast()) : self }
}
