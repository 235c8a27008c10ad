import GMRCore

/// What everybody knows of a registered section, the helper process too, before its generator has run.
struct SectionTitle: WireCodable, Equatable {
    var title: String
    /// How long it may take; nil: as long as the settings say.
    var deadline: Duration?

    init(title: String, deadline: Duration?) {
        self.title = title
        self.deadline = deadline
    }

    func encode(to writer: inout WireWriter) {
        writer.write(title)
        writer.write(deadline) { $0.write($1) }
    }

    init(from reader: inout WireReader) throws(WireError) {
        title = try reader.readString()
        deadline = try reader.readBool() ? try reader.readDuration() : nil
        deadline = deadline?.limited
    }
}
