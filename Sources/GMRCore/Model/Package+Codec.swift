extension Package: WireCodable {
    /// Vendor, product, version.
    public func encode(to writer: inout WireWriter) {
        writer.write(vendor)
        writer.write(product)
        writer.write(version)
    }

    /// Vendor, product, version.
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            vendor: try reader.readOptionalString(), product: try reader.readString(),
            version: try reader.readOptionalString())
    }
}
