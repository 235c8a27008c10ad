/// Writes a report as the JSON contract `gmr-report/1`: one object, keys in the order of the contract, and a key
/// whose value is not known left out.
///
/// Addresses are strings `0x…`, times ISO 8601 UTC with milliseconds, durations nanoseconds. Beyond the contract
/// there are `trigger.coalesced` (triggers that this report answers besides its own), `process.serviceName`, the
/// frames' `modulePath`, and `completeness.finishedBy`.
public enum JSONRenderer {
    /// The value of the key `schema`.
    public static let schema = "gmr-report/1"

    /// The report as one JSON object that ends with a line break. A frame and other small objects take a line each.
    public static func render(_ report: Report) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("schema", schema)
            json.field("generated", report.generated.iso8601)
            json.field("trigger") { write(report.trigger, to: &$0) }
            json.field("process") { write(report.process, to: &$0) }
            json.field("package") { write(report.package, to: &$0) }
            json.field("threads") { $0.array { json in for thread in report.threads { write(thread, to: &json) } } }
            json.field("processes") { write(report.processes, to: &$0) }
            json.field("configuration") { write(report.configuration, to: &$0) }
            json.field("sections") { $0.array { json in for section in report.sections { write(section, to: &json) } } }
            json.field("completeness") { write(report.completeness, to: &$0) }
        }
        return json.text + "\n"
    }

    private static func write(_ trigger: Trigger, to json: inout JSONWriter) {
        json.object(inline: true) { json in
            json.field("kind", trigger.kind.rawValue)
            json.field("signal", trigger.signal)
            json.field("senderPID", trigger.senderPID)
            json.field("coalesced", trigger.coalescedCount)
        }
    }

    private static func write(_ process: ProcessIdentity, to json: inout JSONWriter) {
        json.object { json in
            json.field("pid", process.pid)
            json.field("executable", process.executable)
            json.field("arguments") { json in
                json.array(inline: true) { json in for argument in process.arguments { json.string(argument) } }
            }
            json.field("started", process.started?.iso8601)
            json.field("host", process.host)
            json.field("parentPID", process.parentPID)
            json.field("serviceName", process.serviceName)
        }
    }

    private static func write(_ package: Package, to json: inout JSONWriter) {
        json.object(inline: true) { json in
            json.field("vendor", package.vendor)
            json.field("product", package.product)
            json.field("version", package.version)
        }
    }

    private static func write(_ processes: [ProcessNode], to json: inout JSONWriter) {
        json.array { json in
            for process in processes {
                json.object { json in
                    json.field("pid", process.pid)
                    json.field("parentPID", process.parentPID)
                    json.field("user", process.user)
                    json.field("uid", process.uid)
                    json.field("state", process.state)
                    json.field("command", process.command)
                    json.field("children") { write(process.children, to: &$0) }
                }
            }
        }
    }

    private static func write(_ configuration: ConfigurationSnapshot, to json: inout JSONWriter) {
        let names = JSONWriter.distinctKeys(configuration.groups.map(\.name))
        json.object { json in
            for (name, group) in zip(names, configuration.groups) {
                let keys = JSONWriter.distinctKeys(group.options.map(\.key))
                json.field(name) { json in
                    json.object { json in
                        for (key, option) in zip(keys, group.options) { json.field(key, option.shownValue) }
                    }
                }
            }
        }
    }

    private static func write(_ completeness: Completeness, to json: inout JSONWriter) {
        json.object { json in
            json.field("threadsFound", completeness.threadsFound)
            json.field("threadsCaptured", completeness.threadsCaptured)
            json.field("framesSymbolized", completeness.framesSymbolized)
            json.field("frames", completeness.frames)
            json.field("gaps") { $0.array { json in for gap in completeness.gaps { json.string(gap) } } }
            json.field("stages") { json in
                json.object { json in
                    json.field("captureNanoseconds", completeness.stages.captureNanoseconds)
                    json.field("unwindNanoseconds", completeness.stages.unwindNanoseconds)
                    json.field("symbolizeNanoseconds", completeness.stages.symbolizeNanoseconds)
                    json.field("renderNanoseconds", completeness.stages.renderNanoseconds)
                }
            }
            json.field("finishedBy", completeness.finishedBy)
        }
    }
}
