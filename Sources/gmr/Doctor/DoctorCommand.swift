#if Tool
    import ArgumentParser
    import Glibc

    struct DoctorCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "doctor",
            abstract: "Says whether reports can be made here, or of a running process, and what to change.",
            discussion: """
                Looks at this machine and, with a PID, at that process, which notices nothing. Run it as the user of \
                the process or as root. The exit status is 1 where a problem was found.
                """)

        @Argument(help: "The process to look at beside the machine.")
        var pid: Int32?

        @Flag(help: "One JSON array of {check, status, finding, advice}.")
        var json = false

        func run() throws {
            var groups = [
                FindingGroup(name: "machine", title: "This machine", findings: Machine.findings(isAsked: pid == nil))
            ]
            if let pid {
                let process: RunningProcess
                do {
                    process = try RunningProcess(pid: pid)
                } catch {
                    throw ValidationError(error.description)
                }
                groups.append(FindingGroup(name: "process", title: process.title, findings: process.findings()))
            }
            print(json ? FindingsWriter.json(groups) : FindingsWriter.text(groups), terminator: "")
            if groups.contains(where: \.hasProblem) { throw ExitCode(1) }
        }
    }
#endif
