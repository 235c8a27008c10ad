import GMRCore

extension RunningProcess {
    /// What names, lines and callers in its stacks come from.
    func files(_ elf: ELFFacts?, _ settings: Settings) -> [Finding] {
        var findings: [Finding] = []
        if let maps, !maps.files.isEmpty {
            findings.append(Self.replaced(maps, executable: executable))
            findings.append(Self.unwindTables(missing: filesWithoutUnwindIndex(maps)))
        }
        if let elf, let executable {
            let path =
                executable.hasSuffix(MappedFiles.deleted)
                ? String(executable.dropLast(MappedFiles.deleted.count)) : executable
            let file = DebugFile.find(for: elf, at: path, in: settings, root: root)
            findings.append(Self.symbols(elf, separate: file.flatMap { ELFFacts(path: root + $0) }, file: file))
        }
        return findings
    }

    static func replaced(_ maps: MappedFiles, executable: String?) -> Finding {
        let check = "files"
        let advice = "start it again; until then reports show offsets for code of these files"
        if let executable, executable.hasSuffix(MappedFiles.deleted) {
            return .warning(check, "The executable was deleted or replaced since it was started.", do: advice)
        }
        let deleted = maps.code.filter(\.isDeleted).map(\.path)
        guard !deleted.isEmpty else { return .ok(check, "Its executable and libraries are those it was started with.") }
        let more = deleted.count > 3 ? " and \(deleted.count - 3) more" : ""
        return .warning(
            check, "Deleted or replaced since they were loaded: \(deleted.prefix(3).joined(separator: ", "))\(more).",
            do: advice)
    }

    private func filesWithoutUnwindIndex(_ maps: MappedFiles) -> [String] {
        maps.code.filter { !$0.isDeleted }.prefix(512).map(\.path).filter { path in
            guard let bytes = FileBytes(path: root + path), let elf = try? ELFSections(bytes) else { return false }
            return !elf.hasUnwindIndex
        }
    }

    static func unwindTables(missing: [String]) -> Finding {
        let check = "unwind tables"
        guard !missing.isEmpty else { return .ok(check, "Its executable and libraries have unwind tables.") }
        return .warning(
            check,
            "No unwind tables (.eh_frame_hdr), so stacks end there: "
                + "\(missing.prefix(3).joined(separator: ", "))\(missing.count > 3 ? "…" : "").",
            do: "build without -fno-asynchronous-unwind-tables, and link with --eh-frame-hdr")
    }

    /// - Parameters:
    ///   - separate: Of the file with its debug information.
    ///   - file: Where that is.
    static func symbols(_ elf: ELFFacts, separate: ELFFacts?, file: String?) -> Finding {
        let check = "symbols"
        let place = DebugFile.place(elf)
        if let source = elf.hasDebugInfo ? elf : separate?.hasDebugInfo == true ? separate : nil {
            if source.compression == .zstd {
                return .warning(
                    check, "Its debug information is compressed with zstd, which is not read: no files and lines.",
                    do: "link with --compress-debug-sections=zlib, or objcopy --decompress-debug-sections FILE")
            }
            return .ok(
                check, "Names, files and lines come from \(elf.hasDebugInfo ? "the executable" : file ?? "a file").")
        }
        if elf.hasSymbols || elf.hasMiniDebugInfo || separate?.hasSymbols == true {
            return .warning(
                check, "Functions have names, but no files and lines: there is no debug information.",
                do: "build with -g, or put the debug information to \(place)")
        }
        let names = elf.hasSwift ? "no Swift function has a name" : "only functions it exports have names"
        return .warning(
            check, "The executable is stripped: \(names), and there are no files and lines.",
            do:
                "keep the symbols (no strip, no -s), install the package with its debug symbols, or put them to \(place)"
        )
    }
}
