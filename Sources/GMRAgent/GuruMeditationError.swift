import GMRCore
import Glibc

/// Why a set-up or a report was refused.
public struct GuruMeditationError: Error, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; compare with the constants.
    public struct Code: Sendable, Equatable {
        enum Value: Equatable {
            case alreadySetUp, notSetUp, unusableSignal, unusableLogDirectory, unusableTriggerFile
            case configurationTooLarge, systemRefused, reportFailed
        }
        var value: Value

        public static let alreadySetUp = Code(value: .alreadySetUp)
        public static let notSetUp = Code(value: .notSetUp)
        public static let unusableSignal = Code(value: .unusableSignal)
        public static let unusableLogDirectory = Code(value: .unusableLogDirectory)
        public static let configurationTooLarge = Code(value: .configurationTooLarge)
        public static let unusableTriggerFile = Code(value: .unusableTriggerFile)
        public static let systemRefused = Code(value: .systemRefused)
        public static let reportFailed = Code(value: .reportFailed)
    }

    public var code: Code
    /// The C library's errno, 0 where there is none.
    public var errorNumber: Int32
    private var subject: String

    init(_ code: Code, _ subject: String = "", errorNumber: Int32 = 0) {
        self.code = code
        self.subject = subject
        self.errorNumber = errorNumber
    }

    public var description: String {
        switch code.value {
        case .alreadySetUp:
            "Guru Meditation Reports are set up in this process already; use that one, or call its stop() first."
        case .notSetUp:
            "Guru Meditation Reports are not set up: stop() was called, GMR_ENABLE=0 turned them off, or this is a "
                + "child of fork(). Call setUpAutorun, in a fork child anew."
        case .unusableSignal:
            "\(subject). Choose another signal, such as SIGUSR2 or SIGRTMIN+3."
        case .unusableLogDirectory:
            "Reports cannot be written to the directory \(subject): \(reason). "
                + "Choose one that this user may write to, or leave logDirectory out to use standard error."
        case .unusableTriggerFile:
            "The trigger file \(subject) cannot be used: "
                + (errorNumber == 0
                    ? "it is not a regular file. Choose another." : "\(reason). Create it (touch \(subject)).")
        case .configurationTooLarge:
            "The configuration takes \(subject), and reports hold 1 MiB of it. Leave out what nobody will look for."
        case .systemRefused where errorNumber == ENOENT:
            "\(subject) failed: it is not installed. Install the package libunwind8."
        case .systemRefused:
            "Guru Meditation Reports could not be set up: \(subject): \(reason)."
        case .reportFailed:
            "The report could not be made: \(subject)."
        }
    }

    private var reason: String { String(describingErrno: errorNumber) }
}

extension String {
    /// `No such file or directory` for 2.
    init(describingErrno number: Int32) {
        self = strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }
}
