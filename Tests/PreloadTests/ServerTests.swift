import Foundation
import ProcessKit
import Testing

extension PreloadTests {
    /// Debian's own servers, preloaded and under load: reports are complete, no request fails, they stop as they always
    /// do. `make servers` installs them; without them the tests are left out.
    @Suite(.serialized) struct ServerTests {
        private static let redis = "/usr/bin/redis-server"
        private static let nginx = "/usr/sbin/nginx"
        private static let python = "/usr/bin/python3"
        private static let postgres = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql"))?
            .sorted().last.map { "/usr/lib/postgresql/\($0)/bin" }
        private static let reportCount = 30
        /// `SIGRTMIN+3`, which none of them uses.
        private static let unusedSignal = __libc_current_sigrtmin() + 3

        /// Makes reports of the process and its children, in turn, while the load runs.
        /// - Returns: What the load printed.
        private func reports(
            of server: borrowing NativeProcess, signal: Int32 = SIGUSR2, during load: [String],
            environment: [String: String] = [:]
        ) throws -> String {
            let directory = try ChildProcess.makeDirectory()
            let client = try ChildProcess(
                load[0], Array(load.dropFirst()), environment: environment, directory: directory)
            defer { client.kill() }
            for number in 0..<Self.reportCount {
                let pids = [server.child.pid] + Self.children(of: server.child.pid)
                let pid = pids[number % pids.count]
                let report: ReportDocument
                do {
                    report = try server.report(of: pid, signal: signal)
                } catch {
                    // A backend ends with its client, and then nobody is left to report.
                    guard pid != server.child.pid, kill(pid, 0) != 0 else { throw error }
                    continue
                }
                #expect(report.process.pid == pid)
                #expect(report.completeness.threadsCaptured == report.completeness.threadsFound)
                #expect(report.completeness.threadsFound > 0)
                #expect(report.completeness.finishedBy == "helper process")
                #expect(report.verdict.kind != "deadlock")
            }
            var text = ""
            while let line = try client.readLine(within: .seconds(60)) { text += line + "\n" }
            #expect(try client.waitForEnd() == 0, "\(text) \(client.standardError)")
            return text
        }

        /// Those that last, not helpers.
        private static func children(of pid: Int32) -> [Int32] {
            let list = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
            return list.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }.filter { child in
                let name = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
                return !name.isEmpty && !name.contains("gmr")
            }
        }

        private func httpLoad(port: Int) -> [String] {
            let script = Library.root.appending(path: "Tests/PreloadTests/Programs/http_load.py").path
            return [Self.python, script, "\(port)", "4", "1000"]
        }

        private func page(in directory: URL) throws {
            try Data("a page\n".utf8).write(to: directory.appending(path: "page.txt"))
        }

        /// A port that was free a moment ago.
        private func freePort() -> Int {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(descriptor, $0, length)
                    _ = getsockname(descriptor, $0, &length)
                }
            }
            return Int(UInt16(bigEndian: address.sin_port))
        }

        private func waitUntil(_ what: String, _ isTrue: () throws -> Bool) throws {
            let end = ContinuousClock.now + .seconds(30)
            while try !isTrue() {
                guard ContinuousClock.now < end else { throw ProcessFailure(description: "not in time: \(what)") }
                usleep(10_000)
            }
        }

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python))) func python3() throws {
            let directory = try ChildProcess.makeDirectory()
            try page(in: directory)
            let script = Library.root.appending(path: "Tests/PreloadTests/Programs/http_server.py").path
            let server = try NativeProcess(Self.python, [script, directory.path], directory: directory)
            let line = try server.child.readLine() ?? ""
            let port = try #require(Int(line.dropFirst("ready ".count)), "\(server.child.standardError)")
            #expect(try reports(of: server, during: httpLoad(port: port)) == "0 of 4000 failed\n")
            kill(server.child.pid, SIGINT)
            #expect(try server.child.waitForEnd() == 0)
        }

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: redis))) func redisServer() throws {
            let directory = try ChildProcess.makeDirectory()
            let socket = directory.appending(path: "socket").path
            let server = try NativeProcess(
                Self.redis, ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory.path],
                directory: directory)
            try waitUntil("the socket is there") { FileManager.default.fileExists(atPath: socket) }
            let text = try reports(
                of: server,
                during: ["/usr/bin/redis-benchmark", "-s", socket, "-n", "100000", "-c", "20", "-t", "set,get", "-q"])
            #expect(text.contains("SET: ") && text.contains("GET: ") && !text.contains("Error"))
            kill(server.child.pid, SIGTERM)
            #expect(try server.child.waitForEnd() == 0)
        }

        /// Its master takes SIGUSR2 for an upgrade, and its workers give up being root.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: nginx))) func nginxWithWorkers() throws {
            let directory = try ChildProcess.makeDirectory()
            try page(in: directory)
            let port = freePort()
            let configuration = """
                daemon off; worker_processes 2; pid \(directory.path)/pid; error_log \(directory.path)/log;
                events { worker_connections 64; }
                http { access_log off; keepalive_requests 100000;
                    server { listen 127.0.0.1:\(port); root \(directory.path); } }
                """
            let file = directory.appending(path: "nginx.conf")
            try Data(configuration.utf8).write(to: file)
            let server = try NativeProcess(
                Self.nginx, ["-c", file.path, "-p", directory.path], environment: ["GMR_SIGNALS": "SIGRTMIN+3"],
                directory: directory)
            try waitUntil("the workers are there") { Self.children(of: server.child.pid).count == 2 }
            let text = try reports(of: server, signal: Self.unusedSignal, during: httpLoad(port: port))
            #expect(text == "0 of 4000 failed\n")
            kill(server.child.pid, SIGQUIT)
            #expect(try server.child.waitForEnd() == 0)
        }

        /// A process for each connection, none of which executes anything.
        @Test(.enabled(if: postgres != nil && getuid() == 0)) func postgresWithBackends() throws {
            let programs = try #require(Self.postgres)
            let directory = try ChildProcess.makeDirectory()
            let data = directory.appending(path: "data").path
            let asUser = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            func run(_ arguments: [String]) throws {
                let run = try ToolRun.run("/usr/bin/setpriv", asUser + arguments)
                if run.status != 0 { throw ProcessFailure(description: run.text) }
            }
            try run(["\(programs)/initdb", "-D", data, "--auth=trust", "--no-sync"])
            let server = try NativeProcess(
                "/usr/bin/setpriv",
                asUser + ["\(programs)/postgres", "-D", data, "-k", directory.path, "-h", "", "-F"],
                environment: ["GMR_SIGNALS": "SIGRTMIN+3"], directory: directory)
            try waitUntil("it accepts connections") {
                try ToolRun.run("\(programs)/pg_isready", ["-h", directory.path]).status == 0
            }
            let connection = ["-h", directory.path, "-U", "postgres", "postgres"]
            try run(["\(programs)/pgbench", "-i", "-q"] + connection)
            let text = try reports(
                of: server, signal: Self.unusedSignal,
                during: ["\(programs)/pgbench", "-n", "-c", "4", "-t", "500"] + connection)
            #expect(text.contains("number of transactions actually processed: 2000/2000"), "\(text)")
            #expect(text.contains("number of failed transactions: 0 "), "\(text)")
            kill(server.child.pid, SIGINT)
            #expect(try server.child.waitForEnd() == 0)
        }
    }
}
