extension Section: WireCodable {
    /// Title, data, error.
    public func encode(to writer: inout WireWriter) {
        writer.write(title)
        writer.write(data)
        writer.write(error)
    }

    /// Title, data, error.
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            title: try reader.readString(), data: try SectionModel(from: &reader),
            error: try reader.readOptionalString())
    }
}
