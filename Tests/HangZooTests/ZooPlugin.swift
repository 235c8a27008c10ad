import Foundation
import ProcessKit

/// Shared libraries that a scenario loads, compiled when first needed.
enum ZooPlugin {
    /// Compiles Plugins/NAME.c into `directory` with the system's C compiler, as an optimizing build does, and returns
    /// the library's path.
    @available(*, noasync)
    static func build(_ name: String, into directory: URL) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Plugins/\(name).c")
        let library = directory.appending(path: "\(name).so")
        let result = try ToolRun.run(
            "cc", ["-g", "-O2", "-fomit-frame-pointer", "-fPIC", "-shared", "-o", library.path, source.path],
            environment: [:])
        guard result.status == 0 else { throw ObservationFailure(description: "cc \(source.path): \(result.text)") }
        return library.path
    }
}
