import GMRCore

/// A file in a directory while it works; with its first error everything goes to standard error, from the beginning.
/// What standard error does not take is lost: there is no third place.
struct FallbackStream: ReportStream {
    private var file: ReportFile?
    private var standardError: DescriptorStream
    /// Whether standard error gets the report anyway, so that only the reason is missing there.
    private let isOnStandardError: Bool
    private var written = ""

    init(file: ReportFile, standardError: DescriptorStream, isOnStandardError: Bool) {
        self.file = file
        self.standardError = standardError
        self.isOnStandardError = isOnStandardError
    }

    mutating func write(_ text: String) throws(DeliveryError) {
        guard file != nil else {
            if !isOnStandardError { try standardError.write(text) }
            return
        }
        if !isOnStandardError { written += text }
        do {
            try file?.write(text)
        } catch {
            try fallBack(error)
        }
    }

    mutating func finish() throws(DeliveryError) {
        guard file != nil else { return }
        do {
            try file?.finish()
            // The report is delivered, whether anybody reads this or not.
            if let path = file?.finalPath { standardError.writeLine("gmr: report written to \(path)") }
        } catch {
            try fallBack(error)
        }
    }

    private mutating func fallBack(_ error: DeliveryError) throws(DeliveryError) {
        file = nil
        // One write, so that a reader who has stopped is waited for once.
        let place = isOnStandardError ? "it is on standard error alone." : "it follows here."
        let line = PrintableText.escaped("gmr: the report could not be written to \(error); \(place)")
        try standardError.write("\(line)\n\(written)")
    }
}
