import GMRCore
import Glibc

/// Renders a report and writes it where the settings say, as its parts come to be.
struct ReportDelivery {
    let setup: SetupRecord
    /// Without sections; secrets are masked.
    let report: Report
    /// Nil: there are none.
    var sections: SectionStream?
    /// Where it goes: a directory, standard error, or both.
    let outputs: StandardOutputs
    /// Nil where none is wanted.
    let core: Minicore?

    /// How long rendering took, once it is done.
    private(set) var rendering: Duration = .zero
    /// Nil where there is no directory.
    private let files: ReportFiles?

    init(
        setup: SetupRecord, report: Report, sections: SectionStream?, outputs: StandardOutputs, core: Minicore? = nil
    ) {
        self.setup = setup
        self.report = report
        self.sections = sections
        self.outputs = outputs
        self.core = core
        files = outputs.directory.map { ReportFiles(directory: $0, of: report, formats: Self.formats(of: setup)) }
    }

    private static func formats(of setup: SetupRecord) -> [ReportFormat] {
        setup.settings.formats.isEmpty ? [.text] : setup.settings.formats
    }

    /// Text streams: threads are out before the service's own sections have been asked. Other formats follow whole.
    /// - Throws: Where nobody took one of the formats.
    mutating func deliver(progress: @escaping () -> Void) throws(DeliveryError) {
        let formats = Self.formats(of: setup)
        var complete = report
        if core != nil, files == nil { complete.completeness.gaps.append(Minicore.needsDirectory) }
        var text = formats.contains(.text) ? stream(.text, progress: progress) : nil
        try text?.write(timed { TextRenderer.head(of: complete) })
        progress()
        while let arrived = sections?.next(), !arrived.isEmpty {
            complete.sections += arrived
            for section in arrived { try text?.write(timed { TextRenderer.section(section) }) }
            progress()
        }
        if text != nil { complete.completeness.stages.renderNanoseconds = rendering.nanoseconds }
        try text?.write(TextRenderer.tail(of: complete))
        try text?.finish()
        progress()
        for format in formats where format != .text {
            var whole = stream(format, progress: progress)
            let rendered = timed { format.render(complete, progress: progress) }
            progress()
            try whole.write(rendered)
            try whole.finish()
        }
    }

    /// What lies beside the report: a core file, and not too many older reports. Nothing of it can fail a report that is
    /// delivered.
    func tidyUp(progress: @escaping () -> Void) {
        guard let directory = outputs.directory, let files else { return }
        if let core {
            let standardError = standardError(progress)
            core.write(to: files.coreFile(writer: standardError.writer), standardError: standardError)
            progress()
        }
        Retention(
            directory: directory, serviceName: report.process.serviceName ?? "service",
            maximumCount: setup.settings.maximumReportCount, maximumByteCount: setup.settings.maximumTotalByteCount
        ).apply(isNewest: files.include)
    }

    private mutating func timed(_ render: () -> String) -> String {
        let begin = ContinuousClock.now
        defer { rendering += .now - begin }
        return render()
    }

    private func stream(_ format: ReportFormat, progress: @escaping () -> Void) -> CombinedStream {
        let standardError = standardError(progress)
        var streams: [any ReportStream] = []
        if let files {
            streams.append(
                FallbackStream(
                    file: files.file(for: format, writer: standardError.writer), standardError: standardError,
                    isOnStandardError: outputs.isStandardErrorServed))
        }
        if outputs.isStandardErrorServed { streams.append(standardError) }
        return CombinedStream(streams)
    }

    /// Whoever delivers must give up before it is given up itself, and the report is delivered a second time.
    private func standardError(_ progress: @escaping () -> Void) -> DescriptorStream {
        let silence = min(setup.settings.helperSilence, setup.settings.crashPatience / 4)
        let patience = min(PatientWriter().patience, silence * 3 / 4)
        return DescriptorStream(writer: PatientWriter(patience: patience, progress: progress))
    }
}

extension ReportFormat {
    /// The whole report.
    /// - Parameter progress: Called now and then.
    package func render(_ report: Report, progress: () -> Void = {}) -> String {
        switch self {
        case .text: TextRenderer.render(report)
        case .json: JSONRenderer.render(report, progress: progress)
        case .xml: XMLRenderer.render(report, progress: progress)
        }
    }
}
