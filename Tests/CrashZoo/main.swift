// CrashZoo PROGRAM: says "ready", waits for a line, and ends in its own way, with a report.
// CrashZoo --list: all programs with their truth.

import CCrashZoo
import GMRAgent
import GMRCore
import Glibc

func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    var text = line + "\n"
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
}

func fail(_ text: String) -> Never {
    say("CrashZoo: \(text)", to: STDERR_FILENO)
    exit(64)
}

@_cdecl("crash_zoo_set_up")
func setUp() {
    do {
        let reports = try GuruMeditation.setUpAutorun(
            package: "CrashZoo", serviceName: "crashzoo",
            configuration: ConfigurationSnapshot(["zoo": ["password": "hunter2-of-the-zoo"]]))
        reports.registerSection("Zoo") { ["animals": 1] }
        running.withLock { $0 = reports }
    } catch {
        fail("\(error)")
    }
}

@_cdecl("crash_zoo_stop")
func stop() {
    running.withLock { $0.take()?.stop() }
}

let programs = Array(
    sequence(state: Int32(0)) { index in
        defer { index += 1 }
        return crash_zoo_program_at(index)?.pointee
    })
switch CommandLine.arguments.dropFirst().first {
case "--list":
    for program in programs {
        let fields = [
            program.name, program.signal, program.code, program.stack, program.message, program.finished_by,
        ]
        say(fields.map { String(cString: $0!) }.joined(separator: "\t"))
    }
    for program in swiftPrograms {
        let fields = [program.name, program.signal, program.code, program.stack, program.message, "helper process"]
        say(fields.joined(separator: "\t"))
    }
case let name?:
    let program = programs.first { String(cString: $0.name) == name }
    let swiftProgram = swiftPrograms.first { $0.name == name }
    guard program != nil || swiftProgram != nil else { fail("no program \(name); see CrashZoo --list") }
    program?.prepare?()
    setUp()
    crash_zoo_start_bystander()
    say("ready")
    _ = readLine()
    program?.crash()
    swiftProgram?.crash()
    fail("\(name) did not end")
case nil: fail("usage: CrashZoo PROGRAM | --list")
}
