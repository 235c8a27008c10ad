import CUnwindShim
import GMRCore
import Glibc

/// Renders a report and writes it where the settings say, as its parts come to be.
struct ReportDelivery {
    let setup: SetupRecord
    /// Without sections.
    let report: Report
    var sections: SectionStream

    /// Text streams: threads are out before the service's own sections have been asked. JSON follows whole.
    mutating func deliver(progress: @escaping () -> Void) throws(SinkError) {
        var complete = report
        var text = setup.settings.format == .json ? nil : sink(suffix: "", progress: progress)
        let begin = ContinuousClock.now
        var rendering: Duration = .zero

        func timed(_ render: () -> String) -> String {
            let begin = ContinuousClock.now
            defer { rendering += .now - begin }
            return render()
        }
        try text?.write(timed { TextRenderer.head(of: complete) })
        progress()
        while case let arrived = sections.next(), !arrived.isEmpty {
            complete.sections += arrived
            for section in arrived { try text?.write(timed { TextRenderer.section(section) }) }
            progress()
        }
        complete.completeness.stages.renderNanoseconds = rendering.nanoseconds
        try text?.write(TextRenderer.tail(of: complete))
        try text?.finish()
        progress()
        guard setup.settings.format != .text else { return }
        if text == nil { complete.completeness.stages.renderNanoseconds = (ContinuousClock.now - begin).nanoseconds }
        var json = sink(suffix: setup.settings.format == .both ? ".json" : "", progress: progress)
        try json.write(JSONRenderer.render(complete))
        try json.finish()
    }

    private func sink(suffix: String, progress: @escaping () -> Void) -> FallbackSink {
        // Whoever delivers must give up before it is given up itself, and the report is delivered a second time.
        let patience = min(PatientWriter().patience, setup.settings.helperSilence * 3 / 4)
        let writer = PatientWriter(patience: patience, progress: progress)
        return FallbackSink(
            directory: setup.settings.logDirectory.map {
                DirectorySink(
                    directory: $0, serviceName: setup.serviceName, time: report.generated, suffix: suffix,
                    pid: report.process.pid, writer: writer)
            }, standardError: StandardErrorSink(writer: writer))
    }
}
