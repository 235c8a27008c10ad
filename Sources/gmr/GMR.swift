// Package.swift's trait Tool brings swift-argument-parser; a service that links GMRAgent does without.
#if Tool
    import ArgumentParser

    @main
    struct GMR: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gmr", abstract: "Guru Meditation Reports of Linux services.",
            subcommands: [RenderCommand.self, ShowCommand.self, CoreCommand.self, DoctorCommand.self])
    }
#endif
