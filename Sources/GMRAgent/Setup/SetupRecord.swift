import GMRCore

/// What is known at set-up and lies in the arena from then on, so that a helper has it whatever becomes of the
/// process.
struct SetupRecord: WireCodable, Sendable {
    var package: Package
    var serviceName: String
    var settings: Settings
    var outputs: StandardOutputs
    var configuration: ConfigurationRecord
    var executable: String?
    var arguments: [String]
    var host: String?
    var started: Timestamp?
    /// Nil where debuginfod is not to be used.
    var debuginfod: DebuginfodEnvironment?
    /// As it was then. Nil where nobody will compare it with what it is at the end.
    var memoryGroup: MemoryGroupState?

    init(
        package: Package, serviceName: String, settings: Settings, outputs: StandardOutputs,
        configuration: ConfigurationRecord, executable: String?, arguments: [String], host: String?,
        started: Timestamp?, debuginfod: DebuginfodEnvironment?, memoryGroup: MemoryGroupState? = nil
    ) {
        self.package = package
        self.serviceName = serviceName
        self.settings = settings
        self.outputs = outputs
        self.configuration = configuration
        self.executable = executable
        self.arguments = arguments
        self.host = host
        self.started = started
        self.debuginfod = debuginfod
        self.memoryGroup = memoryGroup
    }

    /// For raw records, which leave the machine.
    var withoutSecrets: SetupRecord {
        let masker = SecretMasker(
            knownSecrets: configuration.secrets, keys: SecretKeys(extraWords: settings.secretKeys))
        var record = self
        record.configuration = configuration.withoutSecrets(masker)
        record.executable = executable.map(masker.masked)
        record.arguments = masker.masked(arguments: arguments)
        record.host = host.map(masker.masked)
        record.serviceName = masker.masked(serviceName)
        record.package = package.masked(by: masker)
        record.debuginfod = nil
        record.memoryGroup = nil
        return record
    }

    /// In the log directory, without the time; nil where there is none.
    var rawRecordPath: String? {
        outputs.directory.map { $0 + "/" + ReportFileName.prefix(serviceName: serviceName) }
    }

    func encode(to writer: inout WireWriter) {
        writer.write(package)
        writer.write(serviceName)
        writer.write(settings)
        writer.write(outputs)
        writer.write(configuration)
        writer.write(executable)
        writer.write(arguments)
        writer.write(host)
        writer.write(started) { writer, time in writer.write(signed: time.nanosecondsSinceEpoch) }
        writer.write(debuginfod) { $0.write($1) }
        writer.write(memoryGroup) { $0.write($1) }
    }

    init(from reader: inout WireReader) throws(WireError) {
        package = try reader.read()
        serviceName = try reader.readString()
        settings = try reader.read()
        settings.keepWithinLimits()
        outputs = try reader.read()
        configuration = try reader.read()
        executable = try reader.readOptionalString()
        arguments = try reader.readStrings()
        host = try reader.readOptionalString()
        started = try reader.readBool() ? Timestamp(nanosecondsSinceEpoch: try reader.readSigned()) : nil
        debuginfod = try reader.readBool() ? try reader.read() : nil
        memoryGroup = try reader.readBool() ? try reader.read() : nil
    }
}
