import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// A standard error that takes nothing. The service goes on meanwhile, and a report that nobody took is told of by
    /// the next one that somebody takes.
    @Suite(.timeLimit(.minutes(5))) struct StandardErrorFaultTests {
        /// Redirections of a shell, and what writing gives.
        static let refusals = [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")]

        @Test(arguments: refusals)
        func aDirectoryHasTheReportAllTheSame(redirection: String, reason: String) throws {
            let arguments = ["--service-name", "orders", "--log-dir", "DIR/reports", "--observe"]
            try ServiceProcess.with(arguments, shell: "exec \"$0\" \"$@\" 2\(redirection)") { service in
                let directory = service.directory("reports", of: "orders")
                for _ in 0..<2 {
                    service.send(SIGUSR2)
                    let report = try directory.nextTextReport()
                    #expect(report["Completeness"]?.contains("lost") == false)
                    try #expect(service.process.readLine() == "delivered")
                }
                try service.expectItIsWell()
            }
        }

        /// In every format, and once.
        @Test(arguments: refusals)
        func whatNeitherTakesIsToldByTheNext(redirection: String, reason: String) throws {
            let arguments = ["--service-name", "orders", "--log-dir", "DIR/reports", "--observe"]
            try ServiceProcess.with(
                arguments, environment: ["GMR_FORMAT": "text,json,xml"], shell: "exec \"$0\" \"$@\" 2\(redirection)"
            ) { service in
                let directory = service.directory("reports", of: "orders")
                try FileManager.default.removeItem(at: directory.url)
                for _ in 0..<2 {
                    service.send(SIGUSR2)
                    try #expect(service.process.readLine() == "lost")
                }
                try FileManager.default.createDirectory(at: directory.url, withIntermediateDirectories: false)
                for isTold in [true, false] {
                    service.send(SIGUSR2)
                    try #expect(service.process.readLine() == "delivered")
                    let names = try directory.nextNames(count: 3)
                    #expect(Set(names.map { URL(filePath: $0).pathExtension }) == ["", "json", "xml"])
                    for name in names {
                        let text = try String(contentsOf: directory.url.appending(path: name), encoding: .utf8)
                        let loss = "2 earlier reports lost: nobody took what was written (\(reason))"
                        #expect(text.contains(loss) == isTold, "\(name)")
                    }
                }
                try service.expectItIsWell()
            }
        }

        /// Nobody reads until the report is given up.
        @Test(arguments: [false, true])
        func aPipeThatIsFullHoldsNobodyUp(isNonblocking: Bool) throws {
            let pipe = Spawn.pipe()
            pipe.fill(isNonblocking: isNonblocking)
            try ServiceProcess.with(
                ["--observe"], errors: .descriptor(pipe.fileHandleForWriting.fileDescriptor)
            ) { service in
                service.send(SIGUSR2)
                // Both threads write lines: that the report is lost comes after all answers.
                try service.process.send(String(repeating: "?", count: 50))
                for _ in 0..<50 { try #expect(service.process.readLine() == "served") }
                try #expect(service.process.readLine() == "lost")
                service.send(SIGUSR2)
                let text = try pipe.readText(until: "finished by: ")
                #expect(text.contains("1 earlier report lost: nobody took what was written (Connection timed out)"))
                try #expect(service.process.readLine() == "delivered")
                try service.expectItIsWell()
            }
        }

        @Test func aReaderWhoIsGone() throws {
            let pipe = Spawn.pipe()
            try ServiceProcess.with(
                ["--observe"], errors: .descriptor(pipe.fileHandleForWriting.fileDescriptor)
            ) { service in
                try pipe.fileHandleForReading.close()
                for _ in 0..<2 {
                    service.send(SIGUSR2)
                    try #expect(service.process.readLine() == "lost")
                }
                try service.expectItIsWell()
            }
        }

        /// A byte now and then is enough.
        @Test func aSlowReaderGetsEverything() throws {
            let pipe = Spawn.pipe()
            pipe.fill(isNonblocking: false)
            try ServiceProcess.with(
                ["--observe"], errors: .descriptor(pipe.fileHandleForWriting.fileDescriptor)
            ) { service in
                service.send(SIGUSR2)
                let text = try pipe.readText(until: "finished by: ", pieceByteCount: 2048, pauseMicroseconds: 10_000)
                #expect(TextReport.all(in: text).count == 1)
                try #expect(service.process.readLine() == "delivered")
            }
        }
    }
}
