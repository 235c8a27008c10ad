#if Tool
    import ArgumentParser
    import GMRAgent
    import GMRCore

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Says in a few lines what a raw record is about, and which files it needs.")

        @Argument(help: "The raw record.", completion: .file(extensions: ["gmr"]))
        var file: String

        @Option(
            name: [.customLong("symbols")], help: "A folder with programs and libraries. May be repeated.",
            completion: .directory)
        var symbolDirectories: [String] = []

        func run() throws {
            let record = try RawRecord.open(file)
            let report = record.report(symbolDirectories: symbolDirectories)
            let summary = RecordSummary(
                file: file, isWhole: record.isWhole, report: report,
                modules: record.modules(symbolDirectories: symbolDirectories))
            print(summary.text, terminator: "")
        }
    }
#endif
