import Dispatch
import GMRAgent
import Glibc
import ZooKit

// Programs whose Swift tasks wait for something, each with a name: `TaskZoo NAME`. What a report must say of them is in
// TaskZooTests. A program says "ready" when all of its tasks are where they stay; a restless one at its end.

/// They have threads that go on, or that sleep for a moment.
let restless = Set(["busy", "left-actor", "hand-over"] + watchedPrograms.keys)
let all = [programs, channelPrograms, watchedPrograms].reduce(into: [:]) { $0.merge($1) { program, _ in program } }
guard CommandLine.arguments.count == 2, let program = all[CommandLine.arguments[1]] else {
    print("usage: TaskZoo NAME, of \(all.keys.sorted().joined(separator: " "))")
    exit(2)
}
let gmr = try GuruMeditation.setUpAutorun(
    package: Package(vendor: "Example", product: "TaskZoo", version: "1"), serviceName: "taskzoo")
gmr.showTaskLocal("request", Request.$id)
gmr.showTaskLocal("tenant", Request.$tenant)
gmr.showTaskLocal("number", Request.$number)
gmr.showTaskLocal("attempt", Request.$attempt)
gmr.showTaskLocal("api_token", Request.$apiToken)
Task(name: "starter") {
    await program()
    if restless.contains(CommandLine.arguments[1]) { isReady() } else { atRest(isReady) }
    await isNeverResumed()
}
if CommandLine.arguments[1] == "main-thread" {
    Task.detached { await program() }
    blocksMainThread()
}
dispatchMain()
