import GMRCore

/// A directory while it works; with its first error everything goes to standard error, from the beginning. What
/// standard error does not take is lost: there is no third place.
struct FallbackSink: ReportSink {
    private var directory: DirectorySink?
    private var standardError: StandardErrorSink
    private var written = ""

    init(directory: DirectorySink?, standardError: StandardErrorSink) {
        self.directory = directory
        self.standardError = standardError
    }

    mutating func write(_ text: String) throws(SinkError) {
        guard directory != nil else { return try standardError.write(text) }
        written += text
        do {
            try directory?.write(text)
        } catch {
            try fallBack(error)
        }
    }

    mutating func finish() throws(SinkError) {
        guard directory != nil else { return }
        do {
            try directory?.finish()
            // The report is delivered, whether anybody reads this or not.
            if let path = directory?.finalPath { standardError.writeLine("gmr: report written to \(path)") }
        } catch {
            try fallBack(error)
        }
    }

    private mutating func fallBack(_ error: SinkError) throws(SinkError) {
        directory = nil
        // One write, so that a reader who has stopped is waited for once.
        let line = PrintableText.escaped("gmr: the report could not be written to \(error); it follows here.")
        try standardError.write("\(line)\n\(written)")
    }
}
