#if Tool
    import ArgumentParser
    import GMRAgent
    import GMRCore
    import Glibc

    struct RenderCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "render", abstract: "Makes the report of a raw record, on this machine or on another one.",
            discussion: """
                A raw record, `SERVICE_gurumeditation_TIME.gmr`, is what a process leaves that could make no report \
                itself, or that has GMR_RECORD=1. Names and lines come from the files that the process had loaded: \
                from their places here, or from the folders given, where they are told by their build IDs.
                """)

        @OptionGroup var arguments: RecordArguments

        @Option(help: "text, json or xml.")
        var format: ReportFormat = .text

        @Option(name: [.short, .long], help: "Write there instead of standard output.", completion: .file())
        var output: String?

        func run() throws {
            let report = try arguments.open().report(symbolDirectories: arguments.symbolDirectories)
            let text = format.render(report)
            guard let output else { return print(text, terminator: "") }
            try NewFile(output).write(text)
        }
    }

    extension ReportFormat: ExpressibleByArgument {}
#endif
