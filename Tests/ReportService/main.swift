// A service as OpenStack's manuals describe one: it takes its options, sets reports up, says `ready`, and answers each
// byte of its standard input until that ends. Its main thread is blocked in C most of the time, and two of its workers
// are deadlocked.

import GMRAgent
import Glibc

let options = ServiceOptions(arguments: Array(CommandLine.arguments.dropFirst()))

func writeLine(_ line: String, to descriptor: Int32) {
    var text = line + "\n"
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
}

func setUpReports() throws(GuruMeditationError) -> GuruMeditation {
    if options.isMinimal { return try GuruMeditation.setUpAutorun(package: "orders") }
    return try GuruMeditation.setUpAutorun(
        package: Package(vendor: "OpenStack Foundation", product: options.product, version: options.version),
        serviceName: options.serviceName, signals: options.signals, logDirectory: options.logDirectory,
        fileEventHandler: options.fileEventHandler, configuration: options.configuration, sinks: options.sinks,
        setUpSignals: options.setUpSignals)
}

if let framework = options.framework, !framework.isLate { framework.take() }
let gmr: GuruMeditation
do {
    gmr = try setUpReports()
} catch {
    writeLine("\(error)", to: STDERR_FILENO)
    exit(78)
}
if let framework = options.framework, framework.isLate { framework.take() }

for title in options.sections {
    gmr.registerSection(title) { ["requests": 3, "leader": "node-1", "note": "made for \(title)"] }
}
if options.hasBrokenSection {
    gmr.registerSection("Broken Section") { throw ServiceOptions.Failure() }
}

if options.isObserved {
    gmr.addObserver { writeLine($0.isDelivered == true ? "delivered" : "lost", to: STDOUT_FILENO) }
}

Deadlock.start()
writeLine("ready", to: STDOUT_FILENO)
var byte: UInt8 = 0
while read(STDIN_FILENO, &byte, 1) != 0 { Command(letter: byte).run() }
