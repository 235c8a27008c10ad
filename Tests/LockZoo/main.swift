// LockZoo PROGRAM: threads that wait for each other on purpose. Says "ready" when all are started, answers SIGUSR2 with
// a report, and waits to be killed.
// LockZoo --healthy PROGRAM COUNT: threads that contend and never deadlock; makes so many reports and prints each
// deadlock they name.  LockZoo --list: all programs with their truth.  LockZoo --list-healthy.

import CLockZoo
import GMRAgent
import Glibc

func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    var text = line + "\n"
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
}

func fail(_ text: String) -> Never {
    say("LockZoo: \(text)", to: STDERR_FILENO)
    exit(64)
}

func setUp() -> GuruMeditation {
    do {
        return try GuruMeditation.setUpAutorun(package: "LockZoo", serviceName: "lockzoo")
    } catch {
        fail("\(error)")
    }
}

/// What a C function gives for 0, 1… until it gives none.
func all<Entry>(_ entry: @escaping (Int32) -> UnsafePointer<Entry>?) -> [Entry] {
    Array(
        sequence(state: Int32(0)) { index in
            defer { index += 1 }
            return entry(index)?.pointee
        })
}

let programs = all(lock_zoo_program_at)
let healthyPrograms = all(lock_zoo_healthy_at)
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "--list":
    for program in programs {
        say([program.name, program.deadlocks, program.waits].map { String(cString: $0!) }.joined(separator: "\t"))
    }
    for program in swiftPrograms { say([program.name, program.deadlocks, program.waits].joined(separator: "\t")) }
case "--list-healthy":
    for program in healthyPrograms { say(String(cString: program.name)) }
    for program in healthySwiftPrograms { say(program.name) }
case "--healthy":
    let start = healthyPrograms.first { String(cString: $0.name) == arguments.dropFirst().first }?.start ?? nil
    let swiftStart = healthySwiftPrograms.first { $0.name == arguments.dropFirst().first }?.build
    guard arguments.count == 3, let count = Int(arguments[2]), start != nil || swiftStart != nil else {
        fail("usage: LockZoo --healthy PROGRAM COUNT")
    }
    let gmr = setUp()
    start?()
    swiftStart?()
    var waits = 0
    for _ in 0..<count {
        let report = try await gmr.report()
        waits += report.threads.count { $0.waitsFor?.owner != nil }
        for deadlock in report.locks.deadlocks { say("\(deadlock.certainty): \(report.verdict.summary)") }
    }
    // That none is found means something only where there was contention.
    say("reports: \(count), waits with an owner: \(waits)")
    exit(0)
case let name?:
    let build = programs.first { String(cString: $0.name) == name }?.build ?? nil
    let swiftBuild = swiftPrograms.first { $0.name == name }?.build
    guard build != nil || swiftBuild != nil else { fail("no program \(name); see LockZoo --list") }
    _ = setUp()
    build?()
    swiftBuild?()
    say("ready")
    while true { pause() }
case nil: fail("usage: LockZoo PROGRAM | --list | --list-healthy | --healthy PROGRAM COUNT")
}
