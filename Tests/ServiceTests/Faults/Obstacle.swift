import Foundation
import ProcessKit

/// Something that is where a file should come to be.
struct Obstacle {
    /// `FIFO`, `directory`, `file`, `link to nowhere`.
    var kind: String

    private static let content = "not a report"
    private static let target = "/nonexistent/target"

    func put(at path: String) throws {
        let result =
            switch kind {
            case "FIFO": mkfifo(path, 0o600)
            case "directory": mkdir(path, 0o700)
            case "link to nowhere": symlink(Self.target, path)
            default: Int32(FileManager.default.createFile(atPath: path, contents: Data(Self.content.utf8)) ? 0 : -1)
            }
        if result != 0 { throw ProcessFailure(description: "\(kind) at \(path): errno \(errno)") }
    }

    func isUntouched(at path: String) throws -> Bool {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let type = attributes[.type] as? FileAttributeType
        return switch kind {
        case "FIFO": type != .typeRegular && type != .typeDirectory
        case "directory": type == .typeDirectory
        case "link to nowhere": try FileManager.default.destinationOfSymbolicLink(atPath: path) == Self.target
        default: try String(contentsOfFile: path, encoding: .utf8) == Self.content
        }
    }
}
