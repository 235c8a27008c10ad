import CUnwindShim
import GMRCore
import Glibc

/// Finishes reports: the same work in the helper process and on the worker thread.
enum Worker {
    /// What the agent asks the worker thread for.
    struct Work: OptionSet {
        var rawValue: UInt32

        /// What a helper could not deliver.
        static let deliver = Work(rawValue: UInt32(GMR_WORK_DELIVER))
        /// Whoever waits for `report()`.
        static let callers = Work(rawValue: UInt32(GMR_WORK_CALLERS))
        /// The service's own sinks.
        static let sinks = Work(rawValue: UInt32(GMR_WORK_SINKS))
        /// Telling the observers.
        static let account = Work(rawValue: UInt32(GMR_WORK_ACCOUNT))
    }

    /// On the worker thread. Each part that is done is told at once: a sink may hang, and the rest is no less done.
    /// - Parameter work: Nothing: callers came when the worker was busy.
    /// - Returns: What was done of it, as it was told.
    @discardableResult
    static func finish(arena: UnsafeMutablePointer<gmr_arena_header_t>, work: Work) -> Work {
        if work.isEmpty {
            // The agent has answered their triggers itself, in a few lines on standard error where people asked too.
            if !ReportRequests.shared.isEmpty { gmr_agent_trigger(UInt32(GMR_TRIGGER_API)) }
            return []
        }
        var done: Work = []
        func did(_ part: Work) {
            done.formUnion(part)
            gmr_agent_did(part.rawValue)
        }
        let requests = work.contains(.callers) ? ReportRequests.shared.takeAll() : []
        if !work.isDisjoint(with: [.deliver, .callers, .sinks]) {
            func fail(_ reason: String) -> Work {
                let error = GuruMeditationError(.reportFailed, reason)
                for request in requests { request(.failure(error)) }
                did(work.intersection(.callers))
                return done
            }
            guard let (builder, report, _) = build(arena: arena, place: .worker, work: work) else {
                return fail(damaged)
            }
            guard gmr_agent_waits_for_worker() != 0 else { return fail(tooLate) }
            if work.contains(.deliver) {
                deliver(report, of: builder, arena: arena, outputs: outputs(of: builder.setup, in: arena))
                did(.deliver)
            }
            if !work.isDisjoint(with: [.callers, .sinks]) {
                var complete = report
                var sections = stream(of: builder, arena: arena)
                while case let arrived = sections.next(), !arrived.isEmpty { complete.sections += arrived }
                guard gmr_agent_waits_for_worker() != 0 else { return fail(tooLate) }
                for request in requests { request(.success(complete)) }
                did(work.intersection(.callers))
                if work.contains(.sinks) {
                    deliverToSinks(complete, of: builder, arena: arena)
                    did(.sinks)
                }
            }
        }
        if work.contains(.account) {
            ReportObservers.shared.tell(CaptureDecoder(arena: arena).summary())
            did(.account)
        }
        return done
    }

    /// In the helper process: everything from the arena to the delivered report.
    static func finishInHelper(
        arena: UnsafeMutablePointer<gmr_arena_header_t>, place: ReportBuilder.Place = .helper
    ) {
        guard let (builder, report, fetch) = build(arena: arena, place: place, work: .deliver) else {
            arena.pointee.helper_error = EPROTO
            gmr_arena_progress(arena, UInt32(GMR_HELPER_FAILED))
            return
        }
        deliver(report, of: builder, arena: arena, outputs: outputs(of: builder.setup, in: arena))
        gmr_arena_progress(arena, UInt32(GMR_HELPER_DONE))
        if let fetch, let environment = builder.setup.debuginfod {
            DetachedFetcher.start(fetch, environment: environment, arena: arena)
        }
    }

    private static func build(
        arena: UnsafeMutablePointer<gmr_arena_header_t>, place: ReportBuilder.Place, work: Work
    ) -> (ReportBuilder, Report, DebugInformationFetch?)? {
        let decoder = CaptureDecoder(arena: arena)
        // What stands by has taken a copy when it could be believed.
        guard let setup = try? Standby.current?.setup ?? decoder.setup() else { return nil }
        let builder = ReportBuilder(decoder: decoder, setup: setup, place: place) { gmr_arena_progress(arena, 0) }
        let header = arena.pointee
        var failures: [String] = []
        if place == .worker, work.contains(.deliver), header.helper_attempts > 0 {
            failures.append(helperFailure(header))
        }
        if place != .standby, header.standby_error != 0 { failures.append(standbyFailure(header.standby_error)) }
        if header.sinks_failed != 0 {
            failures.append(header.crash.signal != 0 ? sinksUnasked : sinksFailure)
        }
        // The helper and the keeper that started it are no part of the service.
        var hidden: Set<Int32> = place.isHelper ? [getpid(), getppid()] : []
        if header.standby_keeper > 0 { hidden.insert(header.standby_keeper) }
        let (report, fetch) = builder.build(
            hiddenProcesses: hidden, earlierFailures: failures, fetchObstacle: DetachedFetcher.obstacle(in: header))
        arena.pointee.symbolize_ns = report.completeness.stages.symbolizeNanoseconds ?? 0
        return (builder, report, fetch)
    }

    private static func deliver(
        _ report: Report, of builder: ReportBuilder, arena: UnsafeMutablePointer<gmr_arena_header_t>,
        outputs: StandardOutputs
    ) {
        let earlierLosses = arena.pointee.lost_reports
        var delivery = ReportDelivery(
            setup: builder.setup, report: report, sections: stream(of: builder, arena: arena), outputs: outputs,
            core: builder.setup.settings.writesCores ? Minicore(arena: arena) : nil)
        func account(error: Int32, told: UInt32) {
            // Of a worker that is late, somebody else has delivered the report.
            guard builder.place.isHelper || gmr_agent_waits_for_worker() != 0 else { return }
            gmr_arena_account(arena, delivery.rendering.nanoseconds, error, told)
        }
        do {
            try delivery.deliver(progress: builder.progress)
            account(error: 0, told: earlierLosses)
            delivery.tidyUp(progress: builder.progress)
        } catch {
            // Lost: standard error was the last place to write to. A second attempt would mix with the first; the next
            // report that somebody takes tells of it.
            account(error: error.errorNumber, told: 0)
        }
    }

    private static func deliverToSinks(
        _ report: Report, of builder: ReportBuilder, arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) {
        let formats = builder.setup.settings.formats
        let finished = FinishedReport(report: report, formats: formats.isEmpty ? [.text] : formats)
        if ReportObservers.shared.deliver(finished, masker: builder.masker, progress: builder.progress) {
            if builder.setup.outputs.isEmpty { gmr_arena_account(arena, 0, 0, arena.pointee.lost_reports) }
        } else if builder.setup.outputs.isEmpty {
            var unsunk = report
            unsunk.completeness.gaps.append(sinksFailure)
            deliver(
                unsunk, of: builder, arena: arena,
                outputs: StandardOutputs(directory: nil, isStandardErrorServed: true))
        }
    }

    private static let damaged =
        "the memory that holds the set-up is damaged. Restart the process; something writes where it must not"
    private static let tooLate =
        "it took so long that it was given up. Set GMR_HELPER_SILENCE_MS higher where the machine is that busy"

    private static let sinksFailure =
        "none of the service's own sinks took the report, so it is on standard error"

    private static let sinksUnasked =
        "the service's own sinks are not asked to take the report of a crash, so it is on standard error"

    private static func outputs(
        of setup: SetupRecord, in arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) -> StandardOutputs {
        let onlySinks = setup.outputs.isEmpty || arena.pointee.sinks_failed != 0
        return onlySinks ? StandardOutputs(directory: nil, isStandardErrorServed: true) : setup.outputs
    }

    private static func stream(
        of builder: ReportBuilder, arena: UnsafeMutablePointer<gmr_arena_header_t>
    ) -> SectionStream {
        SectionStream(
            arena: arena, decoder: builder.decoder, defaultDeadline: builder.setup.settings.sectionDeadline,
            masker: builder.masker, progress: builder.progress)
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

    private static func standbyFailure(_ error: Int32) -> String {
        let reason =
            switch error {
            case EPIPE: "it had ended"
            case ETIMEDOUT: "it said nothing for too long"
            case ECHILD: "it failed"
            default: String(describingErrno: error)
            }
        return "the helper process that stands by did not finish this report: \(reason)"
    }
}

/// The helper's main function: called before `main` by the constructor in helper_entry.c.
@_cdecl("gmr_helper_main")
func helperMain(arena: UnsafeMutablePointer<gmr_arena_header_t>) {
    Worker.finishInHelper(arena: arena)
}
