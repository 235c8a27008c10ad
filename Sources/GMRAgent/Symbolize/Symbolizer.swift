import CUnwindShim
import GMRCore
import Glibc

/// Turns the addresses of a capture into functions, lines and inlined frames: each module once, with all its addresses.
struct Symbolizer {
    /// A source-level frame at an address.
    fileprivate struct Site {
        var name: String?
        var file: String?
        var line: Int?
        var column: Int?
        var isInlined: Bool
    }

    private let settings: Settings
    private let debuginfodCaches: [String]
    private var sites: [UInt64: [Site]] = [:]
    /// Those that are looked up in vain without a word: most locks are no variables.
    private var lockAddresses: Set<UInt64> = []
    /// Threads of one pool share most of their frames.
    private var framesByCaptured: [CapturedFrame: [Frame]] = [:]
    private var namesBySymbol: [String: String] = [:]
    private var sources = SourceLines()
    /// What could not be looked up, one line each.
    private(set) var gaps: [String] = []
    /// Those whose frames could say more if their debug information were here.
    private(set) var modulesWithoutDebugInformation: [CapturedModule] = []

    /// - Parameter debuginfodCaches: Directories that are searched too. Nothing is ever fetched here.
    init(settings: Settings, debuginfodCaches: [String]) {
        self.settings = settings
        self.debuginfodCaches = debuginfodCaches
    }

    /// The threads with their frames; those inlined into one address stand before the function they are part of.
    /// - Parameter progress: Called after each module, and now and then within a large one: the work goes on.
    mutating func symbolize(_ process: CapturedProcess, progress: @escaping () -> Void) -> [ThreadSnapshot] {
        lookUp(process, progress: progress)
        return process.threads.map { thread in
            var snapshot = thread.snapshot
            snapshot.frames = thread.frames.flatMap { frames(of: $0, in: process) }
            return snapshot
        }
    }

    /// Of each task, after `symbolize`. Most of many tasks have one of few stacks, which they share.
    mutating func taskFrames(_ process: CapturedProcess) -> [[Frame]] {
        var stacks: [[CapturedFrame]: [Frame]] = [:]
        return process.tasks.map { task in
            if let known = stacks[task.frames] { return known }
            let stack = task.frames.flatMap { frames(of: $0, in: process) }.map(Self.asyncFrame)
            stacks[task.frames] = stack
            return stack
        }
    }

    /// Of each task, after `symbolize`: the line that made it.
    mutating func taskOrigins(_ process: CapturedProcess) -> [Frame?] {
        var origins: [[CapturedFrame]: Frame?] = [:]
        return process.tasks.map { task in
            if let known = origins[task.sites] { return known }
            // Behind one without a name is its caller, which made nothing.
            let origin = task.sites.flatMap { frames(of: $0, in: process) }.first { !Self.makesTasks($0) }.flatMap {
                $0.function == nil ? nil : $0
            }
            origins[task.sites] = origin
            return origin
        }
    }

    /// Code of Swift's own libraries, of which programs have copies without lines: `Task.init`, `TaskGroup.addTask`.
    private static func makesTasks(_ frame: Frame) -> Bool {
        if frame.module?.hasPrefix("libswift") == true { return true }
        guard frame.line == nil, let name = frame.mangled else { return false }
        return ["$sScT", "$sScG", "$sScg", "$sSq", "$sSS", "$ss"].contains { name.hasPrefix($0) }
    }

    /// The parts that an async function is cut into have names of their own, which say nothing to people.
    private static func asyncFrame(_ frame: Frame) -> Frame {
        var frame = frame
        frame.isAsync = true
        guard let function = frame.function, function.hasPrefix("("),
            let part = function.firstRange(of: " function for ")
        else { return frame }
        frame.function = String(function[part.upperBound...])
        return frame
    }

    // MARK: Looking up

    /// A closure as C can hold it.
    private final class Progress {
        let made: () -> Void
        init(_ made: @escaping () -> Void) { self.made = made }
    }

    private mutating func lookUp(_ process: CapturedProcess, progress: @escaping () -> Void) {
        let codeAddresses = Set(process.threads.lazy.flatMap(\.frames).map(\.lookupAddress))
            .union(process.tasks.lazy.flatMap { $0.frames + $0.sites }.map(\.lookupAddress))
        lockAddresses = Set(process.threads.compactMap { $0.wait?.address ?? $0.firstArgument }).subtracting(
            codeAddresses)
        let addresses = codeAddresses.union(lockAddresses).sorted()
        let caches = debuginfodCaches.joined(separator: ":")
        guard let symbolizer = gmr_symbolizer_open(settings.debugDirectories, caches) else {
            gaps.append("no symbols: out of memory")
            return
        }
        gmr_symbolizer_show_awaits(symbolizer)
        let box = Progress(progress)
        defer {
            gmr_symbolizer_close(symbolizer)
            withExtendedLifetime(box) {}
        }
        gmr_symbolizer_set_progress(
            symbolizer, { context in context.map { Unmanaged<Progress>.fromOpaque($0).takeUnretainedValue().made() } },
            Unmanaged.passUnretained(box).toOpaque())
        var index = 0
        while index < addresses.count {
            guard let module = process.module(at: addresses[index]) else {
                index += 1
                continue
            }
            let end = addresses[index...].firstIndex { $0 >= module.end } ?? addresses.count
            lookUp(Array(addresses[index..<end]), of: module, with: symbolizer)
            index = end
            progress()
        }
    }

    /// Collects what the C callback reports.
    private final class Collector {
        var sites: [[Site]]
        init(count: Int) { sites = Array(repeating: [], count: count) }
    }

    private mutating func lookUp(_ addresses: [UInt64], of module: CapturedModule, with symbolizer: OpaquePointer) {
        let collector = Collector(count: addresses.count)
        var found = gmr_module_symbols_t()
        let image = module.isVDSO ? VDSO.image : nil
        let wantsLines = !module.isSystemLibrary || settings.symbolizeSystemLibraries
        let result = gmr_symbolize_module(
            symbolizer, module.copyPath ?? module.path, image?.baseAddress, UInt64(image?.count ?? 0), module.buildID,
            UInt32(module.buildID.count), wantsLines ? 1 : 0, addresses.map { $0 &- module.loadBias },
            UInt32(addresses.count),
            { context, index, _, frame in
                guard let context, let frame = frame?.pointee else { return }
                let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
                guard Int(index) < collector.sites.count else { return }
                collector.sites[Int(index)].append(Site(frame))
            }, Unmanaged.passUnretained(collector).toOpaque(), &found)
        for (address, sites) in zip(addresses, collector.sites) { self.sites[address] = sites }
        let nameless = zip(addresses, collector.sites).count { address, sites in
            sites.last?.name == nil && !lockAddresses.contains(address)
        }
        explain(found, result: result, of: module, nameless: nameless)
        let hasAll =
            wantsLines
            ? found.found & UInt32(GMR_SYMBOLS_DWARF | GMR_SYMBOLS_UNREADABLE_DWARF) != 0
            : nameless == 0 || found.found & UInt32(GMR_SYMBOLS_SYMTAB) != 0
        if !hasAll, !module.isVDSO { modulesWithoutDebugInformation.append(module) }
    }

    private mutating func explain(
        _ found: gmr_module_symbols_t, result: Int32, of module: CapturedModule, nameless: Int
    ) {
        func has(_ flag: Int) -> Bool { found.found & UInt32(flag) != 0 }
        if has(Int(GMR_SYMBOLS_WRONG_BUILD_ID)) {
            gaps.append("\(module.path): the file has changed since it was loaded (another build ID); no symbols")
        } else if result < 0, !has(Int(GMR_SYMBOLS_OPENED)) {
            let reason = String(describingErrno: found.open_error != 0 ? found.open_error : -result)
            gaps.append("\(module.path): \(module.isDeleted ? "deleted since it was loaded" : reason); no symbols")
        } else if nameless > 0, !has(Int(GMR_SYMBOLS_SYMTAB)) {
            let names = nameless == 1 ? "1 address has" : "\(nameless) addresses have"
            gaps.append("\(module.name): stripped, \(names) no name; install its debug symbols, or build it with them")
        }
        if has(Int(GMR_SYMBOLS_UNREADABLE_DWARF)) {
            gaps.append(
                "\(module.name): its debug information is compressed in a way that elfutils cannot read; no lines")
        }
    }

    /// The variable that an address of a lock is in.
    mutating func name(ofVariableAt address: UInt64) -> String? {
        guard lockAddresses.contains(address), let name = sites[address]?.last?.name else { return nil }
        return readableName(of: name)
    }

    // MARK: Frames

    private mutating func frames(of frame: CapturedFrame, in process: CapturedProcess) -> [Frame] {
        if let known = framesByCaptured[frame] { return known }
        let frames = makeFrames(of: frame, in: process)
        framesByCaptured[frame] = frames
        return frames
    }

    private mutating func makeFrames(of frame: CapturedFrame, in process: CapturedProcess) -> [Frame] {
        let module = process.module(at: frame.address)
        var bare = Frame(
            address: frame.address, module: module?.name, modulePath: module?.path, buildID: module?.buildIDText,
            offset: module.map { frame.address &- $0.loadBias })
        // As gdb calls it, where there is no symbol: it is __restore_rt in libc.
        if frame.isSignalTrampoline { bare.function = "<signal handler called>" }
        guard let sites = sites[frame.lookupAddress], !sites.isEmpty else { return [bare] }
        return sites.map { site in
            var frame = bare
            if let name = site.name {
                frame.function = readableName(of: name)
                if frame.function != name { frame.mangled = name }
            }
            frame.file = site.file
            frame.line = site.line
            frame.column = site.column
            frame.isInlined = site.isInlined
            if let file = site.file, let line = site.line { frame.source = sources.line(line, of: file) }
            return frame
        }
    }

    private mutating func readableName(of symbol: String) -> String {
        if let name = namesBySymbol[symbol] { return name }
        let name = Demangler.demangle(symbol) ?? symbol
        namesBySymbol[symbol] = name
        return name
    }
}

extension Symbolizer.Site {
    fileprivate init(_ frame: gmr_source_frame_t) {
        name = frame.name.map { String(cString: $0) }
        file = frame.file.map { String(cString: $0) }
        line = frame.line > 0 ? Int(frame.line) : nil
        column = frame.column > 0 ? Int(frame.column) : nil
        isInlined = frame.is_inlined != 0
    }
}

/// The kernel's own ELF image, the same in the helper as in the process.
enum VDSO {
    static var image: UnsafeRawBufferPointer? {
        var byteCount: UInt64 = 0
        return gmr_vdso_image(&byteCount).map { UnsafeRawBufferPointer(start: $0, count: Int(byteCount)) }
    }
}
