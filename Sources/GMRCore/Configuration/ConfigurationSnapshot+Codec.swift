extension ConfigurationSnapshot: WireCodable {
    /// The value of a secret stays behind: it is never shown, so no copy of it is made.
    public func encode(to writer: inout WireWriter) {
        writer.write(groups) { writer, group in
            writer.write(group.name)
            writer.write(group.options) { writer, option in
                writer.write(option.key)
                writer.write(option.shownValue)
                writer.write(option.isSecret)
                writer.write(option.provider)
            }
        }
    }

    /// Groups and options; the value of a secret is `***`.
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            groups: try reader.readList { reader throws(WireError) in
                Group(name: try reader.readString(), options: try reader.readList(Self.readOption))
            })
    }

    private static func readOption(from reader: inout WireReader) throws(WireError) -> Option {
        Option(
            key: try reader.readString(), value: try reader.readString(), isSecret: try reader.readBool(),
            provider: try reader.readOptionalString())
    }
}
