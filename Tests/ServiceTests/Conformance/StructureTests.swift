import Foundation
import ProcessKit
import Testing

extension ServiceSuites {
    /// The chapter "Structure of a GMR", the same in all five manuals.
    @Suite(.timeLimit(.minutes(5))) struct StructureTests {
        /// A report of a service of that manual, with options and a section of its own. `body` runs while the service does.
        private func withReport(
            of manual: Manual, _ body: (TextReport, ServiceProcess) throws -> Void
        ) throws {
            let own = [
                "--section", "Some Special Section", "--option", "DEFAULT=debug=false",
                "--option", "database=max_retries=10", "--option", "database=connection=mysql://nova:s3cret@db-1/nova",
            ]
            try ServiceProcess.with(manual.arguments + own) { service in
                service.send(manual.signals[0].rawValue)
                try body(service.reportsOnStandardError()[0], service)
            }
        }

        @Test("1: an executable may add its own sections", arguments: Manual.allCases)
        func anExecutableAddsSections(manual: Manual) throws {
            try withReport(of: manual) { report, _ in
                #expect(report.value("requests", in: "Some Special Section") == "3")
                #expect(report.value("note", in: "Some Special Section") == "made for Some Special Section")
            }
        }

        /// In the order of oslo.reports; Verdict and Locks are ours.
        @Test("2: the base report consists of several sections", arguments: Manual.allCases)
        func theBaseReportConsistsOfSections(manual: Manual) throws {
            try withReport(of: manual) { report, _ in
                #expect(
                    report.titles == [
                        "Guru Meditation", "Package", "Verdict", "Threads", "Green Threads", "Locks", "Processes",
                        "Configuration", "Some Special Section", "Completeness",
                    ])
            }
        }

        @Test("3: Package has the package and its version", arguments: Manual.allCases)
        func packageHasTheVersion(manual: Manual) throws {
            try withReport(of: manual) { report, _ in
                #expect(
                    report["Package"] == """
                        product = OpenStack \(manual.rawValue)
                        vendor = OpenStack Foundation
                        version = 13.0.0

                        """)
            }
        }

        @Test("4: Threads has the stack and the id of each thread", arguments: Manual.allCases)
        func threadsHasStackAndIDOfEach(manual: Manual) throws {
            try withReport(of: manual) { report, service in
                let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(service.pid)/task")
                let own = tasks.filter { tid in
                    let name = try? String(contentsOfFile: "/proc/\(service.pid)/task/\(tid)/comm", encoding: .utf8)
                    return name?.hasPrefix("gmr-") == false
                }
                #expect(report.stacks.flatMap(\.tids).map(String.init).sorted() == own.sorted() && own.count >= 3)
                #expect(report.stacks.allSatisfy { $0.frames.count >= 3 })
                for function in ["workerTakesFirstThenSecond()", "workerTakesSecondThenFirst()"] {
                    let stack = try #require(report.stacks.first { $0.frames.contains { $0.contains(function) } })
                    // The outermost call first, and the lock last.
                    let index = try #require(stack.frames.firstIndex { $0.contains(function) })
                    #expect(stack.frames[index...].contains { $0.contains("pthread_mutex_lock") })
                    #expect(stack.frames[index].contains("Deadlock.swift:"))
                }
            }
        }

        /// Where there is no Swift task, it says so. TaskZooTests have programs with some.
        @Test("5: Green Threads has its place", arguments: Manual.allCases)
        func greenThreadsHasItsPlace(manual: Manual) throws {
            try withReport(of: manual) { report, _ in
                #expect(report["Green Threads"] == "(no Swift task found)\n\n")
            }
        }

        @Test("6: Configuration lists all options", arguments: Manual.allCases)
        func configurationListsAllOptions(manual: Manual) throws {
            try withReport(of: manual) { report, _ in
                #expect(
                    report["Configuration"] == """

                        DEFAULT: 
                          debug = false

                        database: 
                          connection = ***
                          max_retries = 10

                        """)
            }
        }
    }
}
