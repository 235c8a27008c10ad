import GMRCore

/// Where the helper process delivers reports: it has neither the service's descriptors nor its code.
struct StandardOutputs: WireCodable, Sendable, Equatable {
    /// Nil: no files.
    var directory: String?
    var isStandardErrorServed: Bool

    /// False where only the service's own sinks get reports.
    var isEmpty: Bool { directory == nil && !isStandardErrorServed }

    init(directory: String?, isStandardErrorServed: Bool) {
        self.directory = directory
        self.isStandardErrorServed = isStandardErrorServed
    }

    func encode(to writer: inout WireWriter) {
        writer.write(directory)
        writer.write(isStandardErrorServed)
    }

    init(from reader: inout WireReader) throws(WireError) {
        directory = try reader.readOptionalString()
        isStandardErrorServed = try reader.readBool()
    }
}
