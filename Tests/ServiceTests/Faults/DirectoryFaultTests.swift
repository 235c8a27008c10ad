import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// A log directory that fails after set-up: the report is on standard error, with the reason, and nothing half
    /// written is left. The service goes on.
    @Suite(.timeLimit(.minutes(5))) struct DirectoryFaultTests {
        private static let arguments = ["--service-name", "orders", "--log-dir", "DIR/reports", "--observe"]

        private func expectOnStandardError(
            _ reason: String, from service: ServiceProcess, meanwhile: () throws -> Void = {}
        ) throws {
            service.send(SIGUSR2)
            let report = try service.reportsOnStandardError()[0]
            #expect(report.stacks.count >= 3)
            let line = "gmr: the report could not be written to \(service.directory.path)/reports: \(reason)"
            #expect(service.process.standardError.contains(line), "\(service.process.standardError.prefix(300))")
            try #expect(service.process.readLine() == "delivered")
            try meanwhile()
            try service.expectItIsWell()
        }

        @Test(
            .enabled(if: MountNamespace.isAllowed, "this system allows no mount namespaces"),
            arguments: ["size=4k", "nr_inodes=1"])
        func aFullDisk(options: String) throws {
            try ServiceProcess.with(Self.arguments, shell: MountNamespace.shell(options: options)) { service in
                try expectOnStandardError("No space left on device", from: service) {
                    try #expect(MountNamespace.names(of: service).isEmpty)
                }
            }
        }

        @Test(.enabled(if: MountNamespace.isAllowed, "this system allows no mount namespaces"))
        func aFileSystemThatBecameReadOnly() throws {
            try ServiceProcess.with(Self.arguments, shell: MountNamespace.shell(options: "size=1m")) { service in
                try MountNamespace.makeReadOnly(service)
                try expectOnStandardError("Read-only file system", from: service)
            }
        }

        /// Root may write anywhere, unless it gives that up.
        @Test func aDirectoryThatMayNotBeWritten() throws {
            let capabilities = "-dac_override,-dac_read_search"
            let drop = "setpriv --bounding-set=\(capabilities) --inh-caps=\(capabilities)"
            let shell = "exec \(geteuid() == 0 ? drop : "") \"$0\" \"$@\""
            try ServiceProcess.with(Self.arguments, shell: shell) { service in
                chmod(service.directory.path + "/reports", 0o500)
                try expectOnStandardError("Permission denied", from: service)
            }
        }

        @Test func aDirectoryThatWasRemoved() throws {
            try ServiceProcess.with(Self.arguments) { service in
                try FileManager.default.removeItem(at: service.directory.appending(path: "reports"))
                try expectOnStandardError("No such file or directory", from: service)
            }
        }

        @Test(arguments: ["FIFO", "file", "link to nowhere"])
        func somethingElseInItsPlace(kind: String) throws {
            try ServiceProcess.with(Self.arguments) { service in
                let path = service.directory.appending(path: "reports")
                try FileManager.default.removeItem(at: path)
                try Obstacle(kind: kind).put(at: path.path)
                let reason = kind == "link to nowhere" ? "No such file or directory" : "Not a directory"
                try expectOnStandardError(reason, from: service)
            }
        }

        /// As where a quota or a limit of the unit ends it. Standard error is a pipe: a file has the same limit.
        @Test func aLimitOnTheSizeOfFiles() throws {
            let pipe = Spawn.pipe()
            try ServiceProcess.with(
                Self.arguments, errors: .descriptor(pipe.fileHandleForWriting.fileDescriptor)
            ) { service in
                try #expect(ToolRun.run("prlimit", ["--pid", "\(service.pid)", "--fsize=4096:4096"]).status == 0)
                service.send(SIGUSR2)
                let text = try pipe.readText(until: "finished by: ")
                #expect(TextReport.all(in: text).count == 1)
                #expect(text.contains("/reports: File too large"))
                #expect(text.contains("finished by: helper process"))
                try #expect(service.process.readLine() == "delivered")
                let left = try FileManager.default.contentsOfDirectory(atPath: service.directory.path + "/reports")
                #expect(left == [])
                try service.expectItIsWell()
            }
        }

        /// A limit that leaves the helper process no descriptor either.
        @Test func noDescriptorsLeft() throws {
            try ServiceProcess.with(Self.arguments) { service in
                try #expect(ToolRun.run("prlimit", ["--pid", "\(service.pid)", "--nofile=4:4"]).status == 0)
                try expectOnStandardError("Too many open files", from: service)
            }
        }

        /// The name that a report would have for the next seconds, and the one it is written under.
        @Test(arguments: ["FIFO", "directory", "file", "link to nowhere"])
        func somethingElseInTheReportsPlace(kind: String) throws {
            try ServiceProcess.with(Self.arguments) { service in
                let directory = service.directory("reports", of: "orders")
                let obstacle = Obstacle(kind: kind)
                var taken: Set<String> = []
                let begin = Date()
                for second in 0..<120 {
                    let name = "orders_gurumeditation_\(Timestamps.digits(of: begin + Double(second)))"
                    try obstacle.put(at: "\(directory.url.path)/\(name)")
                    try obstacle.put(at: "\(directory.url.path)/.\(name).tmp")
                    taken.formUnion([name, ".\(name).tmp"])
                }
                service.send(SIGUSR2)
                try #expect(service.process.readLine() == "delivered")
                let reports = try directory.names().filter { !taken.contains($0) }
                #expect(reports.count == 1 && reports[0].hasSuffix("_1"))
                _ = try TextReport(file: directory.url.appending(path: reports[0]))
                for name in taken { try #expect(obstacle.isUntouched(at: "\(directory.url.path)/\(name)")) }
                try service.expectItIsWell()
            }
        }

        /// What set-up finds costs one line, and the service starts.
        @Test(arguments: [
            ("FIFO", "Not a directory"), ("file", "Not a directory"), ("link to nowhere", "No such file or directory"),
        ])
        func somethingElseInItsPlaceAtSetUp(kind: String, reason: String) throws {
            try ServiceProcess.with([], environment: ["GMR_LOG_DIR": "DIR/reports"]) { directory in
                try Obstacle(kind: kind).put(at: directory.path + "/reports")
            } body: { service in
                #expect(service.process.standardError.contains("/reports: \(reason)."))
                service.send(SIGUSR2)
                try #expect(service.reportsOnStandardError().count == 1)
                try service.expectItIsWell()
            }
        }
    }
}
