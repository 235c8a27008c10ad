import CUnwindShim
import GMRCore
import Glibc

/// Finishes reports: the same work in the helper process and on the worker thread.
enum Worker {
    /// On the worker thread: where the helper could not, and for callers of `report()`.
    /// - Returns: False where people were to get a report and nothing could be written, because the arena is damaged.
    static func finish(arena: UnsafeMutablePointer<gmr_arena_header_t>, kinds: UInt32) -> Bool {
        let isForCallers = kinds & 1 << UInt32(GMR_TRIGGER_API) != 0
        let isForPeople = kinds & ~(1 << UInt32(GMR_TRIGGER_API)) != 0
        let requests = isForCallers ? ReportRequests.shared.takeAll() : []
        guard let (builder, report, _) = build(arena: arena, place: .worker) else {
            let error = GuruMeditationError(.reportFailed, "the memory that holds the set-up is damaged")
            for request in requests { request.resume(returning: .failure(error)) }
            return !isForPeople
        }
        if isForPeople { deliver(report, of: builder, arena: arena) }
        if !requests.isEmpty {
            var complete = report
            var sections = stream(of: builder, arena: arena)
            while case let arrived = sections.next(), !arrived.isEmpty { complete.sections += arrived }
            for request in requests { request.resume(returning: .success(complete)) }
        }
        // Where this took too long, the agent has answered later triggers itself, in a few lines on standard error.
        // Whoever called then still waits; for others this trigger and their own make one report.
        if !ReportRequests.shared.isEmpty { gmr_agent_trigger(UInt32(GMR_TRIGGER_API)) }
        return true
    }

    /// In the helper process: everything from the arena to the delivered report.
    static func finishInHelper(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
        guard let (builder, report, fetch) = build(arena: arena, place: .helper) else {
            arena.pointee.helper_error = EPROTO
            gmr_arena_progress(arena, UInt32(GMR_HELPER_FAILED))
            return
        }
        deliver(report, of: builder, arena: arena)
        gmr_arena_progress(arena, UInt32(GMR_HELPER_DONE))
        if let fetch, let environment = builder.setup.debuginfod {
            DetachedFetcher.start(fetch, environment: environment, arena: arena)
        }
    }

    private static func build(
        arena: UnsafeMutablePointer<gmr_arena_header_t>, place: ReportBuilder.Place
    ) -> (ReportBuilder, Report, DebugInformationFetch?)? {
        let decoder = CaptureDecoder(arena: arena)
        guard let setup = try? decoder.setup() else { return nil }
        let builder = ReportBuilder(decoder: decoder, setup: setup, place: place) { gmr_arena_progress(arena, 0) }
        let header = arena.pointee
        let failure = place == .worker && header.helper_attempts > 0 ? helperFailure(header) : nil
        // The helper and the keeper that started it are no part of the service.
        let hidden: Set<Int32> = place == .helper ? [getpid(), getppid()] : []
        let (report, fetch) = builder.build(
            hiddenProcesses: hidden, earlierFailure: failure, fetchObstacle: DetachedFetcher.obstacle(in: header))
        return (builder, report, fetch)
    }

    private static func deliver(
        _ report: Report, of builder: ReportBuilder, arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) {
        var delivery = ReportDelivery(setup: builder.setup, report: report, sections: stream(of: builder, arena: arena))
        do {
            try delivery.deliver(progress: builder.progress)
        } catch {
            // Lost: standard error was the last place to write to. A word about it would go the same way, and a second
            // attempt would mix with the first.
        }
    }

    private static func stream(
        of builder: ReportBuilder, arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) -> SectionStream {
        SectionStream(
            arena: arena, decoder: builder.decoder, deadline: builder.setup.settings.sectionDeadline,
            progress: builder.progress)
    }

    /// Why the worker thread had to do it.
    private static func helperFailure(_ header: gmr_arena_header_t) -> String {
        let error = header.helper_error
        let reason =
            switch Int(header.helper_state) {
            case GMR_HELPER_ENDED where error & 0x7f == 0: "it exited with status \(error >> 8 & 0xff)"
            case GMR_HELPER_ENDED: "it was ended by signal \(error & 0x7f)"
            case _ where error == ETIMEDOUT: "it said nothing for too long"
            case _ where error == ENOTSUP: "the executable cannot serve as its own helper"
            default: "it could not be started: \(String(describingErrno: error))"
            }
        return "no helper process: \(reason); the report was finished inside the process"
    }
}

/// The helper's main function: called before `main` by the constructor in helper_entry.c.
@_cdecl("gmr_helper_main")
func helperMain(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
    Worker.finishInHelper(arena: arena)
}
