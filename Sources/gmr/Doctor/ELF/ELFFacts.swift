import Glibc

/// What a file can tell of the code in it.
struct ELFFacts {
    enum Compression: Equatable {
        case zlib
        /// elfutils 0.188 does not read it.
        case zstd
        case other
    }

    var isForThisProcessor: Bool
    var isStatic: Bool
    var hasUnwindIndex: Bool
    /// Functions have names, not those alone that others link with.
    var hasSymbols: Bool
    /// Files and lines.
    var hasDebugInfo: Bool
    var compression: Compression?
    /// A table of function names for backtraces in the file itself, as Fedora has it.
    var hasMiniDebugInfo: Bool
    /// In hexadecimal digits; nil where there is none.
    var buildID: String?
    /// The name of the file with debug information.
    var debugLink: String?
    /// There is Swift code in it.
    var hasSwift: Bool
    /// GMR was linked with it.
    var hasAgent: Bool

    init(_ elf: ELFSections) {
        isForThisProcessor = elf.isForThisProcessor
        isStatic = elf.isStatic
        hasUnwindIndex = elf.hasUnwindIndex
        hasSymbols = elf[".symtab"]?.isInFile == true
        let debug = elf[".debug_info"]
        hasDebugInfo = debug?.isInFile == true || elf[".zdebug_info"] != nil
        compression = debug.flatMap { Self.compression(of: $0, in: elf) }
        hasMiniDebugInfo = elf[".gnu_debugdata"] != nil
        buildID = elf[".note.gnu.build-id"].flatMap { elf.bytes(of: $0) }.flatMap(Self.buildID)
        debugLink = elf[".gnu_debuglink"].flatMap { elf.bytes(of: $0) }?.text(at: 0)
        hasSwift = elf.sections.contains { $0.name.hasPrefix("swift5_") }
        hasAgent = [".dynsym", ".symtab"].contains { Self.defines("gmr_agent_install", in: $0, of: elf) }
    }

    /// Of a file; nil where it cannot be read or is none of ELF.
    init?(path: String) {
        guard let bytes = FileBytes(path: path), let elf = try? ELFSections(bytes) else { return nil }
        self.init(elf)
    }

    private static func compression(of section: ELFSections.Section, in elf: ELFSections) -> Compression? {
        guard section.isCompressed, let head = elf.source.bytes(at: section.offset, count: 4) else { return nil }
        switch head.number(UInt32.self, at: 0) {
        case 1: return .zlib
        case 2: return .zstd
        default: return .other
        }
    }

    /// The note's name is `GNU`, its type 3.
    private static func buildID(note: [UInt8]) -> String? {
        guard note.number(UInt32.self, at: 0) == 4, note.number(UInt32.self, at: 8) == 3,
            let count = note.number(UInt32.self, at: 4).flatMap({ Int(exactly: $0) }), (1...64).contains(count),
            note.count >= 16 + count, note.text(at: 12) == "GNU"
        else { return nil }
        return note[16..<16 + count].map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Looks for the name first: large programs have a hundred thousand symbols.
    private static func defines(_ name: String, in table: String, of elf: ELFSections) -> Bool {
        guard let section = elf[table], elf.sections.indices.contains(section.link),
            let strings = elf.bytes(of: elf.sections[section.link]),
            let offset = offset(of: Array(name.utf8), in: strings), let symbols = elf.bytes(of: section)
        else { return false }
        return stride(from: 0, to: symbols.count, by: 24).contains { at in
            symbols.number(UInt32.self, at: at) == UInt32(exactly: offset)
                && symbols.number(UInt16.self, at: at + 6) != 0  // 0: somebody else has it
        }
    }

    /// The beginning of a string, or of the end of one, which linkers share. The first place alone: no other name is to
    /// be expected to end so.
    private static func offset(of name: [UInt8], in strings: [UInt8]) -> Int? {
        strings.withUnsafeBytes { strings in
            var at = 0
            while at < strings.count, let rest = strings.baseAddress?.advanced(by: at),
                let end = memchr(rest, 0, strings.count - at)
            {
                let length = UnsafeRawPointer(end) - rest
                if length >= name.count, memcmp(end - name.count, name, name.count) == 0 {
                    return at + length - name.count
                }
                at += length + 1
            }
            return nil
        }
    }
}
