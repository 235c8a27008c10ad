import CUnwindShim
import GMRCore

/// What a helper process that stands by knows from its start, and believes: later the service may say anything.
struct Standby {
    let setup: SetupRecord

    /// Written once, before anything else runs in that process.
    nonisolated(unsafe) private(set) static var current: Standby?

    /// - Returns: False where the arena is damaged.
    static func begin(arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Bool {
        guard let setup = try? CaptureDecoder(arena: arena).setup() else { return false }
        current = Standby(setup: setup)
        return true
    }
}

// The functions that standby_process.c calls.

@_cdecl("gmr_standby_begin")
func standbyBegin(arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Int32 {
    Standby.begin(arena: arena) ? 1 : 0
}

@_cdecl("gmr_standby_report")
func standbyReport(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
    Worker.finishInHelper(arena: arena, place: .standby)
}
