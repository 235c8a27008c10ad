import Foundation
import ProcessKit

/// libgmr.so as `make preload` builds it, and programs compiled for it.
enum Library {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    private static let built = Result {
        let run = try ToolRun.run(
            "/bin/bash", [root.appending(path: "scripts/preload").path], deadline: .seconds(600))
        guard run.status == 0, let path = run.text.split(separator: "\n").last else {
            throw ProcessFailure(description: run.text)
        }
        return String(path)
    }

    static func path() throws -> String { try built.get() }

    /// Nil where Rust is not installed.
    static let rustCompiler: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        return path.split(separator: ":").map { "\($0)/rustc" }.first(where: FileManager.default.isExecutableFile)
    }()

    /// Beside what a test wants: no setting of whoever runs it.
    static func preloading(_ environment: [String: String] = [:]) throws -> [String: String] {
        var result = environment
        result["LD_PRELOAD"] = try path()
        return result
    }

    /// Compiles a file below the package's folder, and says where the program is.
    /// - Parameter usesAPI: With gmr.h and libgmr.so, by pkg-config.
    static func compile(
        _ source: String, usesAPI: Bool = false, options: [String] = [], into directory: URL
    ) throws -> String {
        let program = directory.appending(path: "program").path
        let isCXX = source.hasSuffix(".cpp")
        let language = isCXX ? ["g++", "-std=c++11"] : ["gcc", "-std=gnu11"]
        let strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-g", "-O2", "-pthread"]
        let library = usesAPI ? "$(pkg-config --cflags --libs gmr)" : ""
        let file = root.appending(path: source).path
        let line = (language + strict + ["'\(file)'", "-o", "'\(program)'"] + options + [library])
        let packages = try URL(filePath: path()).deletingLastPathComponent().appending(path: "pkgconfig").path
        let run = try ToolRun.run(
            "/bin/sh", ["-c", line.joined(separator: " ")], environment: ["PKG_CONFIG_PATH": packages])
        guard run.status == 0 else { throw ProcessFailure(description: run.text) }
        return program
    }
}

/// A preloaded program that writes reports into its directory.
struct NativeProcess: ~Copyable {
    let child: ChildProcess
    private let files: ReportDirectory

    /// - Parameter directory: Where `program` is; removed at the end.
    init(
        _ program: String, _ arguments: [String], serviceName: String = "native",
        environment: [String: String] = [:], directory: URL
    ) throws {
        var settings = ["GMR_LOG_DIR": directory.path, "GMR_FORMAT": "json", "GMR_SERVICE_NAME": serviceName]
        settings.merge(environment) { $1 }
        child = try ChildProcess(
            program, arguments, environment: Library.preloading(settings), directory: directory)
        files = ReportDirectory(directory, serviceName: serviceName)
    }

    deinit { child.kill() }

    func reportCount() throws -> Int { try files.names().count }

    /// Sends a signal to the process or another one, and reads the report that it makes.
    func report(of pid: Int32? = nil, signal: Int32 = SIGUSR2) throws -> ReportDocument {
        kill(pid ?? child.pid, signal)
        return try nextReport()
    }

    func nextReport() throws -> ReportDocument { try files.nextDocument(within: .seconds(20)) }
}
