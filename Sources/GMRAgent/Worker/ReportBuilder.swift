import CUnwindShim
import GMRCore
import Glibc

/// Makes a report from an arena, in the helper process or on the worker thread: everything but the registered sections.
struct ReportBuilder {
    /// Who does the work, for Completeness.
    enum Place: String {
        case helper = "helper process"
        /// One that was started at set-up.
        case standby = "standby helper process"
        case worker = "worker thread"
        /// From a raw record: nothing is known but what is in it.
        case record = "gmr render"

        /// Outside of the process that the report is about, while that is there.
        var isHelper: Bool { self == .helper || self == .standby }
    }

    let decoder: CaptureDecoder
    let setup: SetupRecord
    let place: Place
    /// Where the modules' files are.
    private let modules: ModuleFiles
    private let configuration: ConfigurationRecord
    /// Of what is known of the configuration when the work begins.
    let masker: SecretMasker
    /// Says that the work goes on.
    let progress: () -> Void

    init(
        decoder: CaptureDecoder, setup: SetupRecord, place: Place, modules: ModuleFiles = ModuleFiles(),
        progress: @escaping () -> Void
    ) {
        self.decoder = decoder
        self.setup = setup
        self.place = place
        self.modules = modules
        self.progress = progress
        configuration = decoder.configuration() ?? setup.configuration
        masker = SecretMasker(
            knownSecrets: configuration.secrets, keys: SecretKeys(extraWords: setup.settings.secretKeys),
            progress: progress)
    }

    /// - Parameter fetchObstacle: What keeps missing debug information from being fetched.
    /// - Returns: The report without secrets, and in the helper what is to be fetched once it is delivered.
    func build(
        hiddenProcesses: Set<Int32>, earlierFailures: [String], fetchObstacle: DebugInformationFetch.Obstacle?
    ) -> (Report, DebugInformationFetch?) {
        var process = modules.complete(decoder.capture())
        if place == .worker, process.tasks.count > Self.mostTasksInService {
            process.gaps.append(
                "Swift tasks: \(process.tasks.count - Self.mostTasksInService) more were found; the service's own memory "
                    + "is not for them")
            process.tasks.removeLast(process.tasks.count - Self.mostTasksInService)
            process.semaphores = [:]
            process.areTasksComplete = false
        }
        progress()
        let begin = ContinuousClock.now
        var symbolizer = Symbolizer(
            settings: setup.settings, debuginfodCaches: setup.debuginfod?.cacheDirectories ?? [])
        var threads = symbolizer.symbolize(process, progress: progress)
        let taskAnalysis = TaskAnalysis(
            process, frames: symbolizer.taskFrames(process), origins: symbolizer.taskOrigins(process),
            threads: threads, stacks: decoder)
        let tasks = taskAnalysis.tasks
        let tasksByThread = tasks.idsByThread
        for index in threads.indices { threads[index].task = tasksByThread[threads[index].tid] }
        let symbolized = ContinuousClock.now
        if place != .record { ProcessorShare.measure(&threads, of: process) }
        let analysis = LockAnalysis(of: process, threads: &threads, decoder: decoder) {
            symbolizer.name(ofVariableAt: $0)
        }
        let hangs = hangs(of: taskAnalysis, threads: threads)
        var locks = analysis.locks
        locks.taskCircles = hangs.circles
        let analyzed = ContinuousClock.now
        progress()
        var trigger = process.trigger
        if let crashed = threads.first(where: { $0.tid == trigger.crash?.thread }) {
            trigger.crash?.takeMessage(from: crashed.frames)
        }
        var completeness = self.completeness(of: threads, in: process)
        completeness.gaps += symbolizer.gaps + analysis.gaps
        completeness.tasksFound = tasks.count
        // A process that must live starts no other one.
        let fetch = (place.isHelper ? setup.debuginfod : nil).flatMap {
            DebugInformationFetch(
                for: symbolizer.modulesWithoutDebugInformation, environment: $0, obstacle: fetchObstacle)
        }
        if let fetch { completeness.gaps.append(fetch.gap) }
        completeness.gaps += earlierFailures
        completeness.stages.symbolizeNanoseconds = (symbolized - begin).nanoseconds
        completeness.stages.locksNanoseconds =
            (process.stages.locksNanoseconds ?? 0) &+ (analyzed - symbolized).nanoseconds
        let report = Report(
            generated: process.captured, trigger: trigger, process: identity(of: process),
            package: setup.package, threads: threads, tasks: tasks, locks: locks,
            processes: place == .record
                ? [] : ProcessTree.read(root: process.pid, hidden: hiddenProcesses, masker: masker),
            configuration: configuration.configuration, completeness: completeness)
        var masked = report.masked(by: masker, progress: progress)
        // In words anew: it names threads, whose names are without secrets only now.
        masked.verdict = Verdict(crash: masked.trigger.crash, locks: locks, threads: masked.threads)
        masked.verdict.add(hangs, tasks: masked.tasks, threads: masked.threads)
        if let heartbeat = masked.trigger.watchdog { masked.verdict.add(heartbeat) }
        return (masked, fetch)
    }

    /// Elsewhere there is memory for all.
    private static let mostTasksInService = 2_000

    private func hangs(of analysis: TaskAnalysis, threads: [ThreadSnapshot]) -> TaskHangs {
        var unmoved: Set<Int32>?
        return TaskHangs(
            tasks: analysis.tasks, threads: threads, areTasksComplete: analysis.areTasksComplete,
            semaphores: analysis.semaphores,
            poolWidth: sysconf(Int32(_SC_NPROCESSORS_ONLN))
        ) { tid in
            let known = unmoved ?? decoder.secondLook()?.unmoved ?? []
            unmoved = known
            return known.contains(tid)
        }
    }

    private func identity(of process: CapturedProcess) -> ProcessIdentity {
        let isThere = place != .record
        return ProcessIdentity(
            pid: process.pid, parentPID: isThere ? ProcessFacts(pid: process.pid)?.parentPID : nil,
            executable: setup.executable, arguments: setup.arguments,
            // A fork child has its parent's set-up.
            started: (isThere ? ProcessFacts.startTime(of: process.pid) : nil) ?? setup.started, host: setup.host,
            serviceName: setup.serviceName)
    }

    /// A program that the settings name is named here too.
    private var finisher: String {
        guard place.isHelper, setup.settings.helperProgram != nil else { return place.rawValue }
        return place.rawValue + (ProcFile.link("/proc/self/exe").map { " " + $0 } ?? "")
    }

    private func completeness(of threads: [ThreadSnapshot], in process: CapturedProcess) -> Completeness {
        let frames = threads.lazy.flatMap(\.frames)
        return Completeness(
            threadsFound: threads.count + process.uncapturedThreadCount,
            threadsCaptured: threads.count { $0.capture != .none },
            frames: frames.count, framesSymbolized: frames.count { $0.function != nil },
            gaps: process.gaps, stages: process.stages, finishedBy: finisher)
    }
}
