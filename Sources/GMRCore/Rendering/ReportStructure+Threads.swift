extension ReportStructure {
    static func write(_ thread: ThreadSnapshot, to writer: inout some StructureWriter) {
        writer.object { writer in
            writer.field("tid", thread.tid)
            writer.field("name", thread.name)
            writer.field("state", thread.state?.rawValue)
            writer.field("current", thread.isCurrent)
            writer.field("capture", thread.capture.rawValue)
            writer.field("captureProblem", thread.captureProblem)
            writer.field("cpuNanoseconds", thread.cpuNanoseconds)
            writer.field("voluntarySwitches", thread.voluntarySwitches)
            writer.field("cpuPercent", thread.cpuPercent)
            writer.field("syscall", thread.syscall)
            writer.field("task", thread.task)
            if let wait = thread.waitsFor { writer.field("waitsFor") { write(wait, to: &$0) } }
            writer.field("frames") { $0.array(of: thread.frames) { write($1, to: &$0) } }
            // Where no stack was read, nothing ended it: "complete" would be a claim that nothing backs.
            if thread.capture != .none { writer.field("stop", thread.stop.rawValue) }
        }
    }

    static func write(_ frame: Frame, to writer: inout some StructureWriter) {
        writer.object(inline: true) { writer in
            writer.field("address", frame.address.hexadecimal)
            writer.field("module", frame.module)
            writer.field("modulePath", frame.modulePath)
            writer.field("buildID", frame.buildID)
            writer.field("offset", frame.offset?.hexadecimal)
            writer.field("function", frame.function)
            writer.field("mangled", frame.mangled)
            writer.field("file", frame.file)
            writer.field("line", frame.line)
            writer.field("column", frame.column)
            writer.field("source", frame.source)
            writer.field("inlined", frame.isInlined)
            writer.field("async", frame.isAsync)
        }
    }
}
