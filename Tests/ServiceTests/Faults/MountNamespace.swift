import Foundation
import ProcessKit

/// File systems that only the service sees: `DIR/reports` is one that is full, or read-only.
enum MountNamespace {
    /// Who is not root becomes root in a user namespace.
    private static let unshare = geteuid() == 0 ? ["-m"] : ["-r", "-m"]

    static let isAllowed: Bool = {
        let probe = unshare + ["mount", "-t", "tmpfs", "-o", "size=8k", "none", "/mnt"]
        return (try? ToolRun.run("unshare", probe).status) == 0
    }()

    /// For `ServiceProcess`: a small file system of its own in `DIR/reports`.
    static func shell(options: String) -> String {
        let inside = "mount -t tmpfs -o \(options) none \\\"DIR/reports\\\" && exec \\\"\\$0\\\" \\\"\\$@\\\""
        return
            "mkdir DIR/reports && exec unshare \(unshare.joined(separator: " ")) /bin/sh -c \"\(inside)\" \"$0\" \"$@\""
    }

    @available(*, noasync)
    static func makeReadOnly(_ service: ServiceProcess) throws {
        let user = geteuid() == 0 ? [] : ["-U", "--preserve-credentials"]
        let command = ["mount", "-o", "remount,ro", service.directory.path + "/reports"]
        let run = try ToolRun.run("nsenter", ["-t", "\(service.pid)", "-m"] + user + command)
        if run.status != 0 { throw ProcessFailure(description: run.text) }
    }

    /// What the service sees in `DIR/reports`.
    static func names(of service: ServiceProcess) throws -> [String] {
        let path = "/proc/\(service.pid)/root\(service.directory.path)/reports"
        return try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
