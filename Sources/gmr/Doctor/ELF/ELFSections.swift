/// The headers of an ELF file: segments and sections (elf(5)). No number in the file is trusted.
struct ELFSections {
    struct Section {
        var name: String
        var type: UInt32
        var isCompressed: Bool
        var offset: UInt64
        var byteCount: UInt64
        /// The section with its strings, where it has symbols.
        var link: Int
        /// It has bytes in this file.
        var isInFile: Bool { type != Self.noBits }

        private static let noBits: UInt32 = 8
    }

    /// Why a file was not read.
    enum Failure: Error {
        case notELF
        /// 32 bits, or big-endian.
        case otherFormat
    }

    let source: any ByteSource
    /// 62: x86-64.
    let machine: UInt16
    private(set) var sections: [Section] = []
    private(set) var segmentTypes: [UInt32] = []

    init(_ source: some ByteSource) throws(Failure) {
        self.source = source
        guard let header = source.bytes(at: 0, count: 64), header.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
            throw .notELF
        }
        guard header[4] == 2, header[5] == 1 else { throw .otherFormat }
        machine = header.number(UInt16.self, at: 18) ?? 0
        segmentTypes = Self.segmentTypes(header, source)
        sections = Self.sections(header, source)
    }

    var isForThisProcessor: Bool { machine == 62 }
    /// Nothing asks for a loader (PT_INTERP), so nothing can be preloaded and no library be loaded.
    var isStatic: Bool { !segmentTypes.contains(3) }
    /// The index that `.eh_frame` is searched by (PT_GNU_EH_FRAME). It survives where sections are stripped.
    var hasUnwindIndex: Bool { segmentTypes.contains(0x6474_e550) }

    subscript(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// The bytes of a section, if they are in the file.
    func bytes(of section: Section) -> [UInt8]? {
        section.isInFile ? source.bytes(at: section.offset, count: section.byteCount) : nil
    }

    // MARK: Headers

    private static func segmentTypes(_ header: [UInt8], _ source: some ByteSource) -> [UInt32] {
        guard let offset = header.number(UInt64.self, at: 32), header.number(UInt16.self, at: 54) == 56,
            let count = header.number(UInt16.self, at: 56),
            let table = source.bytes(at: offset, count: UInt64(count) * 56)
        else { return [] }
        return (0..<Int(count)).compactMap { table.number(UInt32.self, at: $0 * 56) }
    }

    private static func sections(_ header: [UInt8], _ source: some ByteSource) -> [Section] {
        guard let offset = header.number(UInt64.self, at: 40), offset > 0, header.number(UInt16.self, at: 58) == 64,
            let first = source.bytes(at: offset, count: 64)
        else { return [] }
        // What does not fit into 16 bits stands in the first section.
        var count = UInt64(header.number(UInt16.self, at: 60) ?? 0)
        if count == 0 { count = first.number(UInt64.self, at: 32) ?? 0 }
        var namesIndex = UInt32(header.number(UInt16.self, at: 62) ?? 0)
        if namesIndex == 0xffff { namesIndex = first.number(UInt32.self, at: 40) ?? 0 }
        guard count <= 1 << 20, let table = source.bytes(at: offset, count: count * 64) else { return [] }

        var names: [UInt8] = []
        if UInt64(namesIndex) < count, let section = section(table, Int(namesIndex), names: []) {
            names = source.bytes(at: section.offset, count: min(section.byteCount, 16 << 20)) ?? []
        }
        return (0..<Int(count)).compactMap { section(table, $0, names: names) }
    }

    private static func section(_ table: [UInt8], _ index: Int, names: [UInt8]) -> Section? {
        let at = index * 64
        guard let name = table.number(UInt32.self, at: at), let type = table.number(UInt32.self, at: at + 4),
            let flags = table.number(UInt64.self, at: at + 8), let offset = table.number(UInt64.self, at: at + 24),
            let size = table.number(UInt64.self, at: at + 32), let link = table.number(UInt32.self, at: at + 40)
        else { return nil }
        return Section(
            name: names.text(at: Int(name)) ?? "", type: type, isCompressed: flags & 0x800 != 0, offset: offset,
            byteCount: size, link: Int(link))
    }
}
