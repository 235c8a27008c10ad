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

        @Argument(help: "The raw record.", completion: .file(extensions: ["gmr"]))
        var file: String

        @Option(
            name: [.customLong("symbols")],
            help: "A folder, or a file system's root, with programs and libraries. May be repeated.",
            completion: .directory)
        var symbolDirectories: [String] = []

        @Option(
            name: [.short, .long], help: "Write there, and not beside the record with the ending `.core`.",
            completion: .file())
        var output: String?

        func run() throws {
            let record = try RawRecord.open(file)
            let output = output ?? (file.hasSuffix(".gmr") ? String(file.dropLast(4)) : file) + ".core"
            let executable: String
            do {
                let core = try record.core(symbolDirectories: symbolDirectories)
                try NewFile(output).fill { descriptor in try record.write(core, to: descriptor) }
                executable = core.executable
            } catch let error as RecordedCoreError {
                throw ValidationError("\(file): \(error)")
            }
            print("gdb \(executable) \(output)")
        }
    }
#endif
