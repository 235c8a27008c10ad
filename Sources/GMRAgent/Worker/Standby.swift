import CUnwindShim
import GMRCore
import Glibc

/// What a helper process that stands by knows from its start, and believes: later the service may say anything.
struct Standby {
    let setup: SetupRecord
    let pid: Int32
    /// The log directory that there was then; nil where there was none. It holds even where another one has its name.
    private let directory: String?

    /// Written once, before anything else runs in that process.
    nonisolated(unsafe) private(set) static var current: Standby?

    /// - Returns: False where the arena is damaged.
    static func begin(arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Bool {
        guard let setup = try? CaptureDecoder(arena: arena).setup() else { return false }
        let opened = setup.outputs.directory.map { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        let directory = opened.flatMap { $0 >= 0 ? "/proc/self/fd/\($0)" : nil }
        current = Standby(setup: setup, pid: arena.pointee.pid, directory: directory)
        return true
    }

    /// Where the end is reported. The service's own sinks have ended with it.
    var outputs: StandardOutputs {
        StandardOutputs(
            directory: directory, isStandardErrorServed: setup.outputs.isStandardErrorServed || directory == nil)
    }

    /// Writes the report of a process that made none of its end.
    func report(_ end: gmr_service_end_t, arena: UnsafeMutablePointer<gmr_arena_header_t>) {
        let end = processEnd(end)
        // It may have ended in good order, then.
        if end.signal == nil, (end.memoryGroup?.killCount ?? 0) == 0 { return }
        let masker = SecretMasker(
            knownSecrets: setup.configuration.secrets, keys: SecretKeys(extraWords: setup.settings.secretKeys))
        let report = report(of: end, lastReport: lastReport(in: arena.pointee)).masked(by: masker)
        var delivery = ReportDelivery(setup: setup, report: report, sections: nil, outputs: outputs)
        try? delivery.deliver(progress: {})
        delivery.tidyUp(progress: {})
    }

    private func report(of end: ProcessEnd, lastReport: Timestamp?) -> Report {
        var completeness = Completeness(finishedBy: ReportBuilder.Place.standby.rawValue)
        completeness.gaps = ["everything else: the process has ended, and nothing of it could be read"]
        return Report(
            generated: end.time, trigger: Trigger(kind: .crash, signal: end.signal, end: end),
            process: ProcessIdentity(
                pid: pid, executable: setup.executable, arguments: setup.arguments, started: setup.started,
                host: setup.host, serviceName: setup.serviceName),
            package: setup.package, verdict: Verdict(end: end, lastReport: lastReport), completeness: completeness)
    }

    private func processEnd(_ end: gmr_service_end_t) -> ProcessEnd {
        // As wait() gives it: the signal, and above it whether a core was dumped.
        let number = end.status & 0x7f
        return ProcessEnd(
            time: Timestamp(nanosecondsSinceEpoch: Int64(clamping: end.realtime_ns)),
            signal: end.knows_status != 0 ? SignalNumber(rawValue: number)?.name ?? "signal \(number)" : nil,
            hasCoreDump: end.knows_status != 0 ? end.status & 0x80 != 0 : nil, memoryGroup: setup.memoryGroup?.change())
    }

    private func lastReport(in arena: gmr_arena_header_t) -> Timestamp? {
        // The first capture is that of the set-up.
        guard arena.trigger.kind != UInt32(GMR_TRIGGER_NONE), arena.realtime_ns > 0 else { return nil }
        return Timestamp(nanosecondsSinceEpoch: Int64(clamping: arena.realtime_ns))
    }
}

// The functions that standby_process.c calls.

@_cdecl("gmr_standby_begin")
func standbyBegin(arena: UnsafeMutablePointer<gmr_arena_header_t>) -> Int32 {
    guard Standby.begin(arena: arena), let standby = Standby.current else { return 0 }
    return standby.outputs.isStandardErrorServed ? 2 : 1
}

@_cdecl("gmr_standby_report")
func standbyReport(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
    Worker.finishInHelper(arena: arena, place: .standby)
}

@_cdecl("gmr_standby_end")
func standbyEnd(arena: UnsafeMutablePointer<gmr_arena_header_t>, end: UnsafePointer<gmr_service_end_t>) {
    Standby.current?.report(end.pointee, arena: arena)
}
