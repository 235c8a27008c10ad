import Foundation
import ProcessKit

/// HangZoo built with optimization, in a scratch directory beside that of the tests.
enum ReleaseBuild {
    private static let built = Result { try build() }

    /// Built once in a run of the tests. Blocks the calling thread.
    @available(*, noasync)
    static func executable() throws -> URL {
        try built.get()
    }

    private static func build() throws -> URL {
        let package = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let scratch = ZooProcess.debugExecutable.appending(path: "../../../zoo-release").standardizedFileURL
        let result = try ToolRun.run(
            "swift",
            [
                "build", "-c", "release", "--product", "HangZoo", "--package-path", package.path, "--scratch-path",
                scratch.path,
            ], environment: [:], deadline: .seconds(540))
        guard result.status == 0 else { throw ObservationFailure(description: "release build: \(result.text)") }
        return scratch.appending(path: "release/HangZoo")
    }
}
