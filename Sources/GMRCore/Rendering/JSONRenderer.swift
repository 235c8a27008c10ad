/// Writes a report as the JSON contract `gmr-report/1`: one object, keys in the order of the contract, and a key
/// whose value is not known left out.
///
/// Addresses are strings `0x…`, times ISO 8601 UTC with milliseconds, durations nanoseconds. Beyond the contract
/// there are `trigger.watchdog` (what did not answer, and for how long), `trigger.coalesced` (triggers that this report
/// answers besides its own), `process.serviceName`, the frames' `modulePath`, the tasks' `locals` (values of task-local
/// variables), `ageNanoseconds` and `origin` (the frame that made it), `unchangedNanoseconds` (since the report from
/// which on each has found it at the same place), `new` (not begun), `framesCut` and, where stacks repeat themselves for
/// more than 64 MB, `sameStackAs` (the task that has their frames), the `path` of deadlocks that go over tasks (who waits
/// for the next one), the processes' `started`, `residentBytes`, `descriptors` (how many are open) and
/// `descriptorLimit`, `configurationProviders` ({group: {option: where the value came from}}), and
/// `completeness.finishedBy`.
public enum JSONRenderer {
    /// The value of the key `schema`.
    public static let schema = ReportStructure.schema

    /// The report as one JSON object that ends with a line break. A frame and other small objects take a line each.
    /// - Parameter progress: Called now and then.
    public static func render(_ report: Report, progress: () -> Void = {}) -> String {
        var json = JSONWriter()
        ReportStructure.write(report, to: &json, progress: progress)
        return json.text + "\n"
    }
}
