import GMRCore
import Glibc

/// Separate debug information, where a report looks for it but for what only reading can tell: whether it belongs.
enum DebugFile {
    /// The path as the process has it, without `root`; nil where there is none.
    static func find(for elf: ELFFacts, at executable: String, in settings: Settings, root: String) -> String? {
        if let file = elf.buildID.flatMap({ find(buildID: $0, in: settings, root: root) }) { return file }
        guard let link = elf.debugLink, !link.isEmpty, let slash = executable.lastIndex(of: "/") else { return nil }
        let folder = executable[..<slash]
        let candidates = ["\(folder)/\(link)", "\(folder)/.debug/\(link)"]
        return (candidates + folders(settings).map { "\($0)\(folder)/\(link)" }).first {
            $0 != executable && exists(root + $0)
        }
    }

    static func find(buildID: String, in settings: Settings, root: String) -> String? {
        folders(settings).map { path(buildID, below: $0) }.first { exists(root + $0) }
    }

    /// Where to put it: `/usr/lib/debug/.build-id/ab/cdef.debug`.
    static func place(_ elf: ELFFacts) -> String {
        elf.buildID.map { path($0, below: "/usr/lib/debug") } ?? "/usr/lib/debug (linked with --build-id)"
    }

    private static func path(_ buildID: String, below folder: String) -> String {
        "\(folder)/.build-id/\(buildID.prefix(2))/\(buildID.dropFirst(2)).debug"
    }

    private static func folders(_ settings: Settings) -> [String] {
        (settings.debugDirectories ?? "/usr/lib/debug").split(separator: ":").map(String.init)
    }

    private static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
