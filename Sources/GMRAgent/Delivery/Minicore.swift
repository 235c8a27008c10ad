import CUnwindShim
import GMRCore
import Glibc

/// A small core file of a captured process, from which gdb shows the backtraces of all threads.
struct Minicore {
    /// With a capture whose slots are not released yet: the process is there, and its threads sleep or wait.
    let arena: UnsafeMutablePointer<gmr_arena_header_t>

    static let needsDirectory = "no minicore: GMR_CORE=1 needs a folder; set GMR_LOG_DIR"

    /// The report is delivered: what goes wrong here costs a line on standard error.
    func write(to file: ReportFile, standardError: DescriptorStream) {
        var file = file
        do {
            try file.fill { descriptor in -Self.write(arena, descriptor) }
            if let path = file.finalPath { standardError.writeLine("gmr: minicore written to \(path)") }
        } catch {
            standardError.writeLine("gmr: no minicore: \(Self.reason(error))")
        }
    }

    private static func reason(_ error: DeliveryError) -> String {
        switch error.errorNumber {
        case ENODATA: "no thread was captured"
        case EPROTO: "the memory that holds the capture is damaged"
        case EACCES, EPERM: "\(error), or the process may not be read"
        default: "\(error)"
        }
    }

    /// - Returns: 0 or a negative errno.
    private static func write(_ arena: UnsafeMutablePointer<gmr_arena_header_t>, _ descriptor: Int32) -> Int32 {
        guard var crash = gmr_minicore_crash_t(arena.pointee.crash) else {
            return gmr_minicore_write(arena, nil, descriptor)
        }
        return gmr_minicore_write(arena, &crash, descriptor)
    }
}

extension gmr_minicore_crash_t {
    /// Nil where there was none.
    init?(_ crash: gmr_crash_t) {
        guard crash.signal != 0 else { return nil }
        let hasAddress = crash.flags & UInt32(GMR_CRASH_ADDRESS) != 0
        self.init(
            tid: crash.tid, signal: crash.signal, code: crash.code, sender_pid: crash.sender_pid,
            address: hasAddress ? crash.address : 0)
    }
}
