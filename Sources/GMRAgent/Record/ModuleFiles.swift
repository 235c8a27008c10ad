import CUnwindShim
import GMRCore

/// Where the files of a capture's modules are, if not where the process had them.
struct ModuleFiles {
    /// Each a file system's root with the files in their places, or a folder of files.
    var directories: [String] = []

    /// Each module with the first file that has its build ID.
    func complete(_ process: CapturedProcess) -> CapturedProcess {
        guard !directories.isEmpty else { return process }
        var process = process
        for index in process.modules.indices where !process.modules[index].isVDSO {
            process.modules[index].copyPath = copy(of: process.modules[index])
        }
        return process
    }

    /// In one of the directories, or in its own place.
    func path(of module: CapturedModule) -> String? {
        copy(of: module) ?? (Self.isFile(module.path, of: module) ? module.path : nil)
    }

    private func copy(of module: CapturedModule) -> String? {
        let places = directories.flatMap { directory in
            [directory + module.path, directory + "/" + module.name]
                + (module.buildIDText.map { ["\(directory)/.build-id/\($0.prefix(2))/\($0.dropFirst(2))"] } ?? [])
        }
        return places.first { Self.isFile($0, of: module) }
    }

    private static func isFile(_ path: String, of module: CapturedModule) -> Bool {
        guard let symbolizer = gmr_symbolizer_open(nil, nil) else { return false }
        defer { gmr_symbolizer_close(symbolizer) }
        var found = gmr_module_symbols_t()
        gmr_symbolize_module(
            symbolizer, path, nil, 0, module.buildID, UInt32(module.buildID.count), 0, [], 0, { _, _, _, _ in }, nil,
            &found)
        return found.found & UInt32(GMR_SYMBOLS_OPENED) != 0
    }
}
