extension JSONRenderer {
    static func write(_ thread: ThreadSnapshot, to json: inout JSONWriter) {
        json.object { json in
            json.field("tid", thread.tid)
            json.field("name", thread.name)
            json.field("state", thread.state?.rawValue)
            json.field("current", thread.isCurrent)
            json.field("capture", thread.capture.rawValue)
            json.field("captureProblem", thread.captureProblem)
            json.field("cpuNanoseconds", thread.cpuNanoseconds)
            json.field("voluntarySwitches", thread.voluntarySwitches)
            json.field("syscall", thread.syscall)
            json.field("frames") { $0.array { json in for frame in thread.frames { write(frame, to: &json) } } }
            // Where no stack was read, nothing ended it: "complete" would be a claim that nothing backs.
            if thread.capture != .none { json.field("stop", thread.stop.rawValue) }
        }
    }

    private static func write(_ frame: Frame, to json: inout JSONWriter) {
        json.object(inline: true) { json in
            json.field("address", frame.address.hexadecimal)
            json.field("module", frame.module)
            json.field("modulePath", frame.modulePath)
            json.field("buildID", frame.buildID)
            json.field("offset", frame.offset?.hexadecimal)
            json.field("function", frame.function)
            json.field("mangled", frame.mangled)
            json.field("file", frame.file)
            json.field("line", frame.line)
            json.field("column", frame.column)
            json.field("source", frame.source)
            json.field("inlined", frame.isInlined)
            json.field("async", frame.isAsync)
        }
    }
}
