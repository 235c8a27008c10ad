#if Tool
    import ArgumentParser
    import GMRAgent
    import GMRCore

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Says in a few lines what a raw record is about, and which files it needs.")

        @OptionGroup var arguments: RecordArguments

        func run() throws {
            let record = try arguments.open()
            let report = record.report(symbolDirectories: arguments.symbolDirectories)
            let summary = RecordSummary(
                file: arguments.file, isWhole: record.isWhole, report: report,
                modules: record.modules(symbolDirectories: arguments.symbolDirectories))
            print(summary.text, terminator: "")
        }
    }
#endif
