import CUnwindShim
import GMRCore
import Glibc

/// Starts what fetches debug information, as the last act of a helper process.
///
/// A shell under `timeout`, in a session of its own: with the helper it loses its parent and goes to init, and it
/// inherits neither descriptors nor memory. Rejected: a fork of the helper, which would keep the arena mapped.
enum DetachedFetcher {
    /// Returns at once.
    static func start(
        _ fetch: DebugInformationFetch, environment: DebuginfodEnvironment,
        arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) {
        guard let command = fetch.command else { return }
        let result = withCStrings(command) { arguments in
            withCStrings(environment.entries) { gmr_spawn_detached(arguments, $0) }
        }
        if result == 0 {
            arena.pointee.fetch_until_ns = now() + UInt64(DebugInformationFetch.secondsLimit) * 1_000_000_000
        } else {
            DescriptorStream().writeLine(
                "gmr: debug information cannot be fetched: \(command[0]): \(String(describingErrno: -result))")
        }
    }

    /// What keeps the helper from it, as the service has said in the arena.
    static func obstacle(in arena: gmr_arena_header_t) -> DebugInformationFetch.Obstacle? {
        if arena.adopts_orphans != 0 { return .serviceAdoptsOrphans }
        return now() < arena.fetch_until_ns ? .earlierFetch : nil
    }

    /// CLOCK_MONOTONIC in nanoseconds.
    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}
