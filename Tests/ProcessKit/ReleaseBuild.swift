import Foundation
import Synchronization

/// Programs built with optimization, in a scratch directory beside that of the tests.
public enum ReleaseBuild {
    private static let built = Mutex<[String: Result<URL, any Error>]>([:])

    /// `GMR_TEST_RELEASE=1`: what is tested in the tests' own build is tested in an optimized one too.
    public static let isWanted = ProcessInfo.processInfo.environment["GMR_TEST_RELEASE"] == "1"

    /// Built once in a run of the tests. Blocks the calling thread.
    /// - Parameter isStatic: With Swift's libraries in it.
    @available(*, noasync)
    public static func executable(_ product: String, isStatic: Bool = false) throws -> URL {
        try built.withLock { built in
            let key = product + (isStatic ? " static" : "")
            let result = built[key] ?? Result { try build(product, isStatic: isStatic) }
            built[key] = result
            return try result.get()
        }
    }

    private static func build(_ product: String, isStatic: Bool) throws -> URL {
        let package = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let scratch = URL(filePath: ChildProcess.built(product)).appending(
            path: "../../../zoo-" + (isStatic ? "static" : "release")
        )
        .standardizedFileURL
        let result = try ToolRun.run(
            "swift",
            [
                "build", "-c", "release", "--product", product, "--package-path", package.path, "--scratch-path",
                scratch.path, "--traits", "TestPrograms",
            ] + (isStatic ? ["--static-swift-stdlib"] : []), environment: [:], deadline: .seconds(540))
        guard result.status == 0 else { throw ProcessFailure(description: "release build: \(result.text)") }
        return scratch.appending(path: "release/\(product)")
    }
}
