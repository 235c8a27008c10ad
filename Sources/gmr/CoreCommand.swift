#if Tool
    import ArgumentParser
    import GMRAgent

    struct CoreCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "core", abstract: "Makes a core file for gdb of a raw record.",
            discussion: """
                The record must have stacks: GMR_RECORD_STACKS=1. Code comes from the files that the process had \
                loaded: from their places here, or from the folders given, where they are told by their build IDs.
                """)

        @OptionGroup var arguments: RecordArguments

        @Option(
            name: [.short, .long], help: "Write there, and not beside the record with the ending `.core`.",
            completion: .file())
        var output: String?

        func run() throws {
            let record = try arguments.open()
            let file = arguments.file
            let output = output ?? (file.hasSuffix(".gmr") ? String(file.dropLast(4)) : file) + ".core"
            let executable: String
            do {
                let core = try record.core(symbolDirectories: arguments.symbolDirectories)
                try NewFile(output).fill { descriptor in try record.write(core, to: descriptor) }
                executable = core.executable
            } catch let error as RecordedCoreError {
                throw ValidationError("\(file): \(error)")
            }
            print("gdb \(executable) \(output)")
        }
    }
#endif
