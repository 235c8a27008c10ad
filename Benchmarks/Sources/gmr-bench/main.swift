// Measures GMR beside its peers and prints one table:
//
//     swift run -c release gmr-bench [--quick] [--only PART]
//
// --quick makes 100 reports in a row instead of 1,000. --only measures the parts whose name has that text: "locks".

import Glibc

signal(SIGPIPE, SIG_IGN)
let isQuick = CommandLine.arguments.contains("--quick")
let names = ["BenchTarget", "BenchTargetStatic"]
guard let executable = realpath("/proc/self/exe", nil) else { fatalError("/proc is not mounted") }
let directory = String(String(cString: executable).dropLast("/gmr-bench".count))
for name in names where access("\(directory)/\(name)", X_OK) != 0 {
    print("\(name) is missing beside gmr-bench: build it with `swift build -c release`")
    exit(1)
}

var measures = Measures(directory: directory)
var problems: [String] = []

let only = CommandLine.arguments.firstIndex(of: "--only").flatMap { CommandLine.arguments.dropFirst($0 + 1).first }

@MainActor func attempt(_ what: String, _ body: @MainActor () throws -> Void) {
    if let only, !what.contains(only) { return }
    print("… \(what)")
    do { try body() } catch { problems.append("\(what): \(error)") }
}

attempt("hot thread") { try measures.hotThread() }
attempt("interruptions") { try measures.interruptions() }
attempt("capture and unwinding") { try measures.capture() }
attempt("locks") { try measures.locks() }
attempt("whole reports, gdb, eu-stack") { try measures.wholeReport() }
attempt("tasks") { try measures.tasks() }
attempt("crash") { try measures.crash() }
attempt("idle") { try measures.idle() }
attempt("reports in a row") { try measures.endurance(reports: isQuick ? 100 : 1000) }

var load = [0.0, 0.0, 0.0]
getloadavg(&load, 3)
print("\n" + measures.table.text)
print(
    "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) processors, load \(Unit.decimal(load[0])) at the end. "
        + "Other work on the machine moves absolute times; compare ratios of one run.")
for problem in problems { print("not measured: \(problem)") }
exit(problems.isEmpty ? 0 : 1)
