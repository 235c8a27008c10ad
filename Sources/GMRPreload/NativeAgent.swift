import CGMRPreload
import GMRAgent
import Glibc
import Synchronization

/// The reports of a program without Swift: what the functions of gmr.h work on.
struct NativeAgent: ~Copyable {
    static let shared = Mutex(NativeAgent())

    /// By `gmr_set`, until `gmr_set_up`.
    private var settings = Settings()
    private var reports: GuruMeditation?
    private var pid: Int32 = 0
    /// LD_PRELOAD did it, for a program that asks for nothing; it may do it again its own way.
    private var isAutomatic = false
    private var sections: [Int32: SectionRegistration] = [:]
    private var lastSection: Int32 = 0
    private var watches: [UInt: NativeWatch] = [:]
    private var showsHeartbeats = false

    private init() {}

    /// Nil where the program has not set them up, in a fork child of the process that has too.
    var current: GuruMeditation? { pid == getpid() && !isAutomatic ? reports : nil }

    mutating func set(_ name: String, to value: String) throws(NativeError) {
        guard current == nil else {
            throw NativeError(
                EBUSY, "Settings are read by gmr_set_up(): call gmr_set() before it, or gmr_stop() first.")
        }
        let variable = name.uppercased().split(whereSeparator: { $0 == "." || $0 == "_" }).joined(separator: "_")
        let wanted = variable.hasPrefix("GMR_") ? variable : "GMR_" + variable
        guard let definition = Settings.definitions.first(where: { $0.variable == wanted }) else {
            let names = Settings.definitions.map { $0.variable.dropFirst(4).lowercased() }.joined(separator: ", ")
            throw NativeError(ENOENT, "There is no setting \(name). There are: \(names).")
        }
        if let problem = settings.apply(value, to: definition, named: name).first {
            throw NativeError(EINVAL, problem.description)
        }
    }

    mutating func setUp(package: Package, serviceName: String?, isAutomatic: Bool) throws(NativeError) {
        if self.isAutomatic, pid == getpid() { _ = stop() }
        do {
            reports = try GuruMeditation.setUpNative(
                package: package, serviceName: serviceName, settings: settings, isOnDemand: isAutomatic)
        } catch {
            throw NativeError(error)
        }
        // Those of a fork child's parent.
        sections.removeAll()
        watches.removeAll()
        showsHeartbeats = false
        pid = getpid()
        self.isAutomatic = isAutomatic
        showHeartbeats()
    }

    /// - Returns: Those that somebody may still ask.
    mutating func stop() -> [NativeWatch] {
        reports?.stop()
        reports = nil
        isAutomatic = false
        sections.removeAll()
        defer { watches.removeAll() }
        showsHeartbeats = false
        return Array(watches.values)
    }

    mutating func register(
        _ title: String, generator: @escaping @Sendable () throws -> SectionModel
    ) throws(NativeError) -> Int32 {
        guard let current else { throw .notSetUp }
        lastSection += 1
        sections[lastSection] = current.registerSection(title, generator: generator)
        return lastSection
    }

    mutating func unregister(_ number: Int32) throws(NativeError) {
        guard current != nil, let section = sections.removeValue(forKey: number) else {
            throw NativeError(ENOENT, "There is no section \(number): gmr_register_section() returns the number.")
        }
        section.unregister()
    }

    mutating func watch(_ name: String, _ question: Question) throws(NativeError) -> UInt {
        guard let current else { throw .notSetUp }
        let watch = NativeWatch(name, of: current, question: question)
        watches[watch.handle] = watch
        return watch.handle
    }

    func watch(_ handle: UInt) throws(NativeError) -> NativeWatch {
        guard current != nil, let watch = watches[handle] else {
            throw NativeError(ENOENT, "There is no such watch: gmr_watch() returns one, and gmr_stop() ends all.")
        }
        return watch
    }

    mutating func forgetWatch(_ handle: UInt) { watches[handle] = nil }

    /// Where there are both heartbeats and reports.
    mutating func showHeartbeats() {
        guard !showsHeartbeats, gmr_has_heartbeats() != 0, let current else { return }
        showsHeartbeats = true
        current.registerSection("Heartbeats") { try SectionWriter.run(gmr_heartbeat_section, context: nil) }
    }
}

/// An errno, and the text of `gmr_error()`.
struct NativeError: Error {
    var number: Int32
    var text: String

    init(_ number: Int32, _ text: String) {
        self.number = number
        self.text = text
    }

    init(_ error: GuruMeditationError) {
        let number: Int32 =
            switch error.code {
            case .alreadySetUp: EALREADY
            case .notSetUp: ESRCH
            case .configurationTooLarge: E2BIG
            default: error.errorNumber != 0 ? error.errorNumber : EINVAL
            }
        self.init(number, error.description)
    }

    static var notSetUp: NativeError {
        NativeError(ESRCH, "Guru Meditation Reports are not set up in this process: call gmr_set_up() first.")
    }

    /// As a C function returns it.
    func report() -> Int32 {
        gmr_set_error(text)
        return -number
    }
}
