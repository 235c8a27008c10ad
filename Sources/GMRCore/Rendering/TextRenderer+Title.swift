extension TextRenderer {
    /// The heading and the bar of 72 `|` are those of oslo.reports; the facts below the bar are ours.
    static func writeTitle(of report: Report, to text: inout String) {
        writeHeading("Guru Meditation", to: &text)
        text += String(repeating: "|", count: 72) + "\n\n"
        writeLine("generated = \(report.generated.iso8601)", to: &text)
        writeLine("trigger = \(description(of: report.trigger))", to: &text)
        writeLine("process = \(report.process.pid)", to: &text)
        if let serviceName = report.process.serviceName { writeLine("service = \(serviceName)", to: &text) }
        if let executable = report.process.executable { writeLine("executable = \(executable)", to: &text) }
        if let host = report.process.host { writeLine("host = \(host)", to: &text) }
        if let started = report.process.started { writeLine("started = \(started.iso8601)", to: &text) }
        if let end = report.trigger.end { writeLine("ended = \(end.time.iso8601)", to: &text) }
        text += "\n"
    }

    static func writePackage(_ package: Package, to text: inout String) {
        writeHeading("Package", to: &text)
        writeLine("product = \(package.product)", to: &text)
        if let vendor = package.vendor { writeLine("vendor = \(vendor)", to: &text) }
        if let version = package.version { writeLine("version = \(version)", to: &text) }
    }

    private static func description(of trigger: Trigger) -> String {
        switch trigger.kind {
        case .signal:
            let signal = trigger.signal.map { "signal \($0)" } ?? "a signal"
            return signal + (trigger.senderPID.map { " from process \($0)" } ?? "")
        case .file: return "the trigger file was touched"
        case .api: return "the program asked for it"
        case .watchdog: return "the watchdog" + (trigger.watchdog.map { ": \($0.words)" } ?? "")
        case .crash where trigger.end != nil: return "the process ended without a report"
        case .crash: return "crash" + (trigger.signal.map { ", signal \($0)" } ?? "")
        }
    }
}
