import GMRCore

/// What the process says of its configuration, at set-up and whenever it changes.
struct ConfigurationRecord: WireCodable, Sendable, Equatable {
    var configuration: ConfigurationSnapshot
    /// Masked wherever they turn up, beside those in the configuration.
    var secrets: [String] = []

    init(configuration: ConfigurationSnapshot, secrets: [String] = []) {
        self.configuration = configuration
        self.secrets = secrets
    }

    func encode(to writer: inout WireWriter) {
        writer.write(configuration)
        writer.write(secrets)
    }

    init(from reader: inout WireReader) throws(WireError) {
        configuration = try reader.read()
        secrets = try reader.readStrings()
    }
}
