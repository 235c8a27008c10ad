#if Tool
    import ArgumentParser
    import GMRAgent

    /// What the commands that read a raw record have in common.
    struct RecordArguments: ParsableArguments {
        @Argument(help: "The raw record.", completion: .file(extensions: ["gmr"]))
        var file: String

        @Option(
            name: [.customLong("symbols")],
            help: "A folder, or a file system's root, with programs, libraries and debug information. May be repeated.",
            completion: .directory)
        var symbolDirectories: [String] = []

        /// With the parser's kind of error.
        func open() throws -> RawRecord {
            do {
                return try RawRecord(path: file)
            } catch {
                throw ValidationError(error.description)
            }
        }
    }
#endif
