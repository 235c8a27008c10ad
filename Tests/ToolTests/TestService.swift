import Foundation
import ProcessKit

/// The program ReportService, set up.
enum TestService {
    /// - Parameters:
    ///   - program: A copy of it.
    ///   - environment: `DIR` in it is the directory of the process.
    @available(*, noasync)
    static func with(
        _ arguments: [String] = [], program: String = ChildProcess.built("ReportService"),
        environment: [String: String] = [:], body: (ChildProcess) throws -> Void
    ) throws {
        let directory = try ChildProcess.makeDirectory()
        let placed = environment.mapValues { $0.replacingOccurrences(of: "DIR", with: directory.path) }
        let service = try ChildProcess(
            program, arguments, environment: TestProgram.environment(placed), directory: directory)
        defer { service.kill() }
        guard try service.readLine() == "ready" else { throw ProcessFailure(description: service.standardError) }
        try body(service)
    }
}

/// libgmr.so. `make preload` has built it, as `make test` does before the tests.
enum PreloadedLibrary {
    static let path = URL(filePath: #filePath)
        .appending(path: "../../../.build-preload/gmr/lib/libgmr.so").standardized.path

    static var isThere: Bool { FileManager.default.fileExists(atPath: path) }
}
