import CUnwindShim
import GMRCore
import Glibc

/// What a core file of a raw record is made from, beside the record.
package struct RecordedCore {
    /// Where the executable is here, for gdb.
    package let executable: String
    /// Of each module; nil: not found.
    fileprivate let files: [String?]
}

/// Why there is no core file of a raw record.
package enum RecordedCoreError: Error, CustomStringConvertible {
    case withoutThreads
    case withoutStacks
    case withoutExecutable(path: String)
    case failed(errorNumber: Int32)

    package var description: String {
        switch self {
        case .withoutThreads: "No thread was captured."
        case .withoutStacks:
            "It has no stacks, and without them there is no backtrace. Records have them where the process runs with "
                + "GMR_RECORD_STACKS=1; the report is there: gmr render."
        case .withoutExecutable(let path):
            "The executable \(path) is not here, or another build of it. Name its folder with --symbols."
        case .failed(let errorNumber): "The core cannot be written: \(String(describingErrno: errorNumber))."
        }
    }
}

extension RawRecord {
    /// Finds the files, and makes sure that there is a core.
    /// - Parameter symbolDirectories: Searched for the modules' files, before the paths that the process had.
    package func core(symbolDirectories: [String] = []) throws(RecordedCoreError) -> RecordedCore {
        guard decoder.hasStacks else { throw .withoutStacks }
        let modules = decoder.modules()
        let files = ModuleFiles(directories: symbolDirectories)
        let paths = modules.map { $0.isVDSO ? nil : files.path(of: $0) }
        let wanted = setup?.executable
        let index = modules.firstIndex { $0.path == wanted }
        let core = RecordedCore(executable: index.flatMap { paths[$0] } ?? wanted ?? "EXECUTABLE", files: paths)
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nowhere) }
        try write(core, to: nowhere)
        return core
    }

    package func write(_ core: RecordedCore, to descriptor: Int32) throws(RecordedCoreError) {
        let copies = core.files.map { path in path.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        let error = copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { files in
            var crash = gmr_minicore_crash_t(arena.pointee.crash) ?? gmr_minicore_crash_t()
            return withUnsafePointer(to: &crash) { crash in
                gmr_minicore_write_record(
                    arena, crash.pointee.signal == 0 ? nil : crash, files.baseAddress, UInt32(files.count), descriptor)
            }
        }
        switch -error {
        case 0: return
        case ENODATA: throw .withoutThreads
        case ENOEXEC, EINVAL: throw .withoutExecutable(path: core.executable)
        case let errorNumber: throw .failed(errorNumber: errorNumber)
        }
    }
}
