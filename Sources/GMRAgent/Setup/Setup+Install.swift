import CUnwindShim
import GMRCore
import Glibc

extension Setup {
    /// Takes the signals and starts the agent.
    func install() throws(GuruMeditationError) {
        let setup = CopiedBytes(record.wireBytes)
        let recordWithoutSecrets = CopiedBytes(record.withoutSecrets.wireBytes)
        guard setup.bytes.count <= Int(GMR_SETUP_CAPACITY_BYTES) else {
            throw GuruMeditationError(.configurationTooLarge, "\(setup.bytes.count) bytes")
        }
        let triggers = CopiedBytes(signals.map(\.rawValue))
        let crashes = CopiedBytes(crashSignals.map(\.rawValue))
        let watchedPath = CopiedBytes(cString: record.settings.fileEventHandler)
        let recordPath = CopiedBytes(cString: record.rawRecordPath)
        let helperPath = CopiedBytes(cString: record.settings.helperProgram)

        var config = gmr_agent_config_t()
        config.setup = UnsafeRawPointer(setup.bytes.baseAddress)
        config.setup_bytes = UInt32(clamping: setup.bytes.count)
        config.record = UnsafeRawPointer(recordWithoutSecrets.bytes.baseAddress)
        config.record_bytes = UInt32(clamping: recordWithoutSecrets.bytes.count)
        config.record_path = recordPath.start()
        config.records_always = record.settings.recordsAlways ? 1 : 0
        config.records_stacks = record.settings.recordsStacks ? 1 : 0
        config.signals = triggers.start()
        config.signal_count = UInt32(signals.count)
        config.crash_signals = crashes.start()
        config.crash_signal_count = UInt32(crashSignals.count)
        config.watched_path = watchedPath.start()
        config.watch_interval_ns = record.settings.fileEventHandlerInterval.nanoseconds
        config.thread_capacity = UInt32(clamping: record.settings.maximumThreadCount)
        config.capture_deadline_ns = record.settings.captureDeadline.nanoseconds
        config.task_search_ns = record.settings.taskSearchLimit.nanoseconds
        config.helper_silence_ns = record.settings.helperSilence.nanoseconds
        config.crash_patience_ns = record.settings.crashPatience.nanoseconds
        config.helper_path = helperPath.start()
        config.helper_stands_by = record.settings.helperStandsBy ? 1 : 0
        config.follows_forks = followsForks ? 1 : 0
        config.is_on_demand = isOnDemand ? 1 : 0
        config.delivers = record.outputs.isEmpty ? 0 : 1
        config.finish = { arena, work in
            if let arena { Worker.finish(arena: arena, work: Worker.Work(rawValue: work)) }
        }
        config.make_sections = { arena, generation in
            if let arena { SectionRegistry.shared.run(into: arena, generation: generation) }
        }
        var step: UnsafePointer<CChar>?
        let result = gmr_agent_install(&config, &step)
        guard result == 0 else {
            let what = step.map { String(cString: $0) } ?? ""
            throw GuruMeditationError(.systemRefused, what, errorNumber: -result)
        }
        if record.settings.helperStandsBy, let problem = HelperProgram.standbyProblem(isOnDemand: isOnDemand) {
            Self.warn(problem)
        }
        SectionRegistry.shared.setDeadline(record.settings.sectionDeadline)
        ConfigurationRegistry.shared.start(with: record)
        ReportObservers.shared.set(sinks: sinks)
        // In a program without Swift of its own the tasks would be those of the library.
        if !followsForks { TaskProbes.make() }
    }
}

extension Setup {
    /// What a watchdog watches before the program registers something.
    enum WatchedAtFirst {
        case tasks
        /// A program without Swift of its own has no tasks: those of the runtime that came with the library are not the
        /// program's.
        case nothing
        /// Nor will it register anything.
        case nothingEver
    }

    /// Nil where none is wanted.
    func watchdog() -> Watchdog? {
        let settings = record.settings
        guard settings.isEnabled, let limit = settings.watchdogLimit else { return nil }
        func watchdog(of targets: [WatchedTarget]) -> Watchdog {
            Watchdog(limit: limit, pause: settings.watchdogPause, targets: targets)
        }
        switch watchedAtFirst {
        case .tasks: return watchdog(of: WatchedTarget.ofSwift())
        case .nothing: return watchdog(of: [])
        case .nothingEver:
            Self.warn("GMR_WATCHDOG has no effect until the program calls gmr_set_up() and gmr_watch().")
            return nil
        }
    }
}

/// A copy for C to read, as long as this lives.
private struct CopiedBytes: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer

    init<Element: BitwiseCopyable>(_ elements: [Element]) {
        bytes = elements.withUnsafeBytes { source in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
            copy.copyMemory(from: source)
            return copy
        }
    }

    /// Without a string there is nothing, and `start()` is nil.
    init(cString text: String?) {
        self.init(text.map { Array($0.utf8CString) } ?? [])
    }

    borrowing func start<Element>() -> UnsafePointer<Element>? {
        bytes.isEmpty ? nil : UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: Element.self)
    }

    deinit {
        bytes.deallocate()
    }
}
