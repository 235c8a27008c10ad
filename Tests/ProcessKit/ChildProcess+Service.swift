import Foundation

extension ChildProcess {
    /// Starts a service, and waits until it has said "ready" and all its threads sleep. Blocks.
    /// - Parameters:
    ///   - shell: What a shell does, with the command in "$0" and "$@", which it must exec.
    ///   - directory: Removed where it does not get ready.
    /// - Throws: `ProcessFailure` with what it wrote to standard error.
    @available(*, noasync)
    public static func service(
        _ command: [String], shell: String? = nil, environment: [String: String], directory: URL,
        errors: Errors = .file
    ) throws -> ChildProcess {
        let words = (shell.map { ["/bin/sh", "-c", $0] } ?? []) + command
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()), environment: environment, directory: directory, errors: errors)
        do {
            guard try process.readLine() == "ready" else {
                throw ProcessFailure(description: process.standardError)
            }
            try process.waitUntilAllSleep()
            return process
        } catch {
            process.kill()
            throw error
        }
    }
}
