/// The one description of a report for programs: which keys there are, in which order, and what is left out where
/// nothing is known. `JSONRenderer` and `XMLRenderer` differ in the writer alone, so neither lacks what the other has.
enum ReportStructure {
    static let schema = "gmr-report/1"

    /// - Parameter progress: Called now and then: many tasks take a while.
    static func write(_ report: Report, to writer: inout some StructureWriter, progress: () -> Void) {
        writer.object { writer in
            writer.field("schema", schema)
            writer.field("generated", report.generated.iso8601)
            writer.field("trigger") { write(report.trigger, to: &$0) }
            writer.field("process") { write(report.process, to: &$0) }
            writer.field("package") { write(report.package, to: &$0) }
            writer.field("verdict") { write(report.verdict, to: &$0) }
            writer.field("threads") { $0.array(of: report.threads) { write($1, to: &$0) } }
            writer.field("tasks") { write(report.tasks, to: &$0, progress: progress) }
            writer.field("locks") { write(report.locks, to: &$0) }
            writer.field("processes") { $0.array(of: report.processes) { write($1, to: &$0) } }
            writeConfiguration(report.configuration, to: &writer)
            writer.field("sections") { $0.array(of: report.sections) { write($1, to: &$0) } }
            writer.field("completeness") { write(report.completeness, to: &$0) }
        }
    }

    private static func write(_ trigger: Trigger, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("kind", trigger.kind.rawValue)
            writer.field("signal", trigger.signal)
            writer.field("senderPID", trigger.senderPID)
            if let crash = trigger.crash { writer.field("crash") { write(crash, to: &$0) } }
            if let end = trigger.end { writer.field("end") { write(end, to: &$0) } }
            if let watchdog = trigger.watchdog { writer.field("watchdog") { write(watchdog, to: &$0) } }
            writer.field("coalesced", trigger.coalescedCount)
        }
    }

    private static func write(_ crash: Crash, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("signal", crash.signal)
            writer.field("code", crash.code)
            writer.field("address", crash.address?.hexadecimal)
            writer.field("thread", crash.thread)
            writer.field("message", crash.message)
            writer.field("stackOverflow", crash.isStackOverflow)
            writer.field("registers") { writer in
                writer.object(inline: true) { writer in
                    for register in crash.registers { writer.field(register.name, register.value.hexadecimal) }
                }
            }
        }
    }

    private static func write(_ end: ProcessEnd, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("time", end.time.iso8601)
            writer.field("signal", end.signal)
            writer.field("coreDump", end.hasCoreDump)
            guard let group = end.memoryGroup else { return }
            writer.field("cgroup", group.path)
            writer.field("memoryKills", group.killCount)
            writer.field("memoryLimitBytes", group.limitBytes)
            writer.field("memoryPeakBytes", group.peakBytes)
        }
    }

    private static func write(_ heartbeat: UnansweredHeartbeat, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("target", heartbeat.target)
            writer.field("silentNanoseconds", heartbeat.silentNanoseconds)
        }
    }

    private static func write(_ process: ProcessIdentity, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("pid", process.pid)
            writer.field("executable", process.executable)
            writer.field("arguments") { $0.array(of: process.arguments, inline: true) { $0.string($1) } }
            writer.field("started", process.started?.iso8601)
            writer.field("host", process.host)
            writer.field("parentPID", process.parentPID)
            writer.field("serviceName", process.serviceName)
        }
    }

    private static func write(_ package: Package, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("vendor", package.vendor)
            writer.field("product", package.product)
            writer.field("version", package.version)
        }
    }

    private static func write(_ process: ProcessNode, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("pid", process.pid)
            writer.field("parentPID", process.parentPID)
            writer.field("user", process.user)
            writer.field("uid", process.uid)
            writer.field("state", process.state)
            writer.field("command", process.command)
            writer.field("started", process.started?.iso8601)
            writer.field("residentBytes", process.residentBytes)
            writer.field("descriptors", process.descriptorCount)
            writer.field("descriptorLimit", process.descriptorLimit)
            writer.field("children") { $0.array(of: process.children) { write($1, to: &$0) } }
        }
    }

    private static func write(_ completeness: Completeness, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("threadsFound", completeness.threadsFound)
            writer.field("threadsCaptured", completeness.threadsCaptured)
            writer.field("tasksFound", completeness.tasksFound)
            writer.field("framesSymbolized", completeness.framesSymbolized)
            writer.field("frames", completeness.frames)
            writer.field("gaps") { $0.array(of: completeness.gaps) { $0.string($1) } }
            writer.field("stages") { writer in
                writer.object { writer in
                    writer.field("captureNanoseconds", completeness.stages.captureNanoseconds)
                    writer.field("unwindNanoseconds", completeness.stages.unwindNanoseconds)
                    writer.field("symbolizeNanoseconds", completeness.stages.symbolizeNanoseconds)
                    writer.field("tasksNanoseconds", completeness.stages.tasksNanoseconds)
                    writer.field("locksNanoseconds", completeness.stages.locksNanoseconds)
                    writer.field("renderNanoseconds", completeness.stages.renderNanoseconds)
                }
            }
            writer.field("finishedBy", completeness.finishedBy)
        }
    }
}
