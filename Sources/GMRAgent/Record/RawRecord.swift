import CUnwindShim
import GMRCore
import Glibc

/// A raw record, `.gmr`: the capture of a process that could not make a report itself, or was asked for both.
package struct RawRecord: ~Copyable {
    let arena: UnsafeMutablePointer<gmr_arena_header_t>
    let decoder: CaptureDecoder
    let setup: SetupRecord?
    /// False where the file ends too early: what there is makes a report all the same.
    package let isWhole: Bool

    /// Reads a file. Its numbers are not trusted, and it takes no more memory than it has bytes.
    /// - Throws: `RawRecordError`.
    package init(path: String) throws(RawRecordError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var whole: Int32 = 0
        var error: Int32 = 0
        guard let arena = gmr_record_map(descriptor, &whole, &error) else {
            switch -error {
            case EPROTO: throw .anotherKind(path: path)
            case EBADMSG: throw .damaged(path: path)
            default: throw .unreadable(path: path, errorNumber: -error)
            }
        }
        self.arena = arena
        isWhole = whole != 0
        decoder = CaptureDecoder(arena: arena, isRecord: true)
        setup = try? decoder.setup()
    }

    deinit {
        gmr_record_unmap(arena)
    }

    /// The report that the process would have made, without what only the process itself knew: its sections, its children,
    /// what its descriptors led to.
    /// - Parameter symbolDirectories: Searched for the modules' files, before the paths that the process had: by path, by
    ///   name and by build ID; and for separate debug information.
    package func report(symbolDirectories: [String] = []) -> Report {
        var setup = setup ?? .unknown
        if !symbolDirectories.isEmpty {
            let directories = symbolDirectories + [setup.settings.debugDirectories ?? "/usr/lib/debug"]
            setup.settings.debugDirectories = directories.joined(separator: ":")
        }
        let builder = ReportBuilder(
            decoder: decoder, setup: setup, place: .record, modules: ModuleFiles(directories: symbolDirectories)
        ) {}
        var gaps = ["made from a raw record: what only the process itself knew is missing"]
        if self.setup == nil { gaps.append("the record's set-up is missing or damaged: no package, no configuration") }
        if !isWhole { gaps.append("the record ends too early: it was cut, or its writer was ended") }
        return builder.build(hiddenProcesses: [], earlierFailures: gaps, fetchObstacle: nil).0
    }
}

extension RawRecord {
    /// An ELF image that the process had loaded.
    package struct Module {
        package var path: String
        /// In hexadecimal.
        package var buildID: String?
        /// Whether a file with this build ID is at the path, or in one of the directories.
        package var isFound: Bool
    }

    /// All but the kernel's own.
    package func modules(symbolDirectories: [String] = []) -> [Module] {
        let files = ModuleFiles(directories: symbolDirectories)
        return decoder.modules().filter { !$0.isVDSO }.map { module in
            Module(path: module.path, buildID: module.buildIDText, isFound: files.path(of: module) != nil)
        }
    }
}

/// Why a file is not read as a raw record.
package enum RawRecordError: Error, CustomStringConvertible {
    case unreadable(path: String, errorNumber: Int32)
    case anotherKind(path: String)
    case damaged(path: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let errorNumber):
            "\(path) cannot be read: \(String(describingErrno: errorNumber))."
        case .anotherKind(let path):
            "\(path) is no raw record of this version. Reports in text, JSON and XML are read as they are; "
                + "a record of another version is read by the gmr that belongs to it."
        case .damaged(let path):
            "\(path) is damaged: it names memory that a record cannot have. Copy it again, in binary mode."
        }
    }
}

extension SetupRecord {
    /// Of a record without one.
    fileprivate static var unknown: SetupRecord {
        SetupRecord(
            package: "unknown", serviceName: "unknown", settings: Settings(),
            outputs: StandardOutputs(directory: nil, isStandardErrorServed: true),
            configuration: ConfigurationRecord(configuration: ConfigurationSnapshot(), secretKeys: SecretKeys()),
            executable: nil, arguments: [], host: nil, started: nil, debuginfod: nil)
    }
}
