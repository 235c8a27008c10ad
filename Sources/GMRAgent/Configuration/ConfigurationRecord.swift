import GMRCore

/// What the process says of its configuration, at set-up and whenever it changes: options as reports show them, and
/// apart from them, so that they can be left behind where the rest goes on, the secrets to be masked.
struct ConfigurationRecord: WireCodable, Sendable, Equatable {
    var configuration: ConfigurationSnapshot
    var secrets: [String]

    init(configuration: ConfigurationSnapshot, secretKeys: SecretKeys) {
        self.configuration = configuration.marked(by: secretKeys)
        secrets = configuration.secrets(marked: self.configuration, keys: secretKeys)
    }

    /// As reports show it.
    func withoutSecrets(_ masker: SecretMasker) -> ConfigurationRecord {
        var record = self
        record.configuration = configuration.masked(by: masker)
        record.secrets = []
        return record
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
