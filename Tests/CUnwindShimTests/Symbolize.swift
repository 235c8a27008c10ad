import CUnwindShim

struct SourceFrame: Equatable, CustomStringConvertible {
    var name: String?
    var file: String?
    var line: UInt32 = 0
    var column: UInt32 = 0
    var isInlined = false

    var description: String {
        "\(name ?? "?") \(file ?? "?"):\(line):\(column)\(isInlined ? " inlined" : "")"
    }
}

struct SymbolizeResult {
    var status: Int32
    var openError: Int32
    var found: UInt32
    var debugPath: String?
    /// Per address, innermost first.
    var frames: [[SourceFrame]]

    func has(_ bit: Int) -> Bool { found & UInt32(bit) != 0 }
    var names: [String?] { frames.map { $0.last?.name } }
}

private final class Collector {
    var frames: [[SourceFrame]]
    /// A callback out of order, or for a depth that doesn't follow.
    var isOrdered = true
    private var lastIndex = 0

    init(count: Int) {
        frames = Array(repeating: [], count: count)
    }

    func add(_ index: Int, _ depth: Int, _ frame: gmr_source_frame_t) {
        if index < lastIndex || depth != frames[index].count { isOrdered = false }
        lastIndex = index
        frames[index].append(
            SourceFrame(
                name: frame.name.map { String(cString: $0) }, file: frame.file.map { String(cString: $0) },
                line: frame.line, column: frame.column, isInlined: frame.is_inlined != 0))
    }
}

/// One module through a symbolizer of its own.
func symbolize(
    _ path: String?, _ addresses: [UInt64], buildID: [UInt8] = [], wantDwarf: Bool = true,
    directories: String = "/nonexistent", caches: String? = nil, memory: UnsafeRawBufferPointer? = nil,
    showsAwaits: Bool = false
) -> SymbolizeResult {
    let symbolizer = gmr_symbolizer_open(directories, caches)
    defer { gmr_symbolizer_close(symbolizer) }
    if showsAwaits, let symbolizer { gmr_symbolizer_show_awaits(symbolizer) }
    let collector = Collector(count: addresses.count)
    var module = gmr_module_symbols_t()
    let status = gmr_symbolize_module(
        symbolizer, path, memory?.baseAddress, UInt64(memory?.count ?? 0), buildID, UInt32(buildID.count),
        wantDwarf ? 1 : 0, addresses, UInt32(addresses.count),
        { context, index, depth, frame in
            guard let context, let frame else { return }
            Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue().add(Int(index), Int(depth), frame.pointee)
        },
        Unmanaged.passUnretained(collector).toOpaque(), &module)
    precondition(collector.isOrdered, "frames arrived out of order")
    return SymbolizeResult(
        status: status, openError: module.open_error, found: module.found,
        debugPath: module.debug_path.map { String(cString: $0) }, frames: collector.frames)
}
