extension Settings: WireCodable {
    /// All fields, in the order of their declaration.
    public func encode(to writer: inout WireWriter) {
        writer.write(isEnabled)
        writer.write(signals != nil)
        if let signals { writer.write(signals) }
        writer.write(crashSignals != nil)
        if let crashSignals { writer.write(crashSignals) }
        writer.write(fileEventHandler)
        writer.write(fileEventHandlerInterval)
        writer.write(signalsBesideFile)
        writer.write(watchdogLimit) { $0.write($1) }
        writer.write(watchdogPause)
        writer.write(logDirectory)
        writer.write(formats.map(\.rawValue))
        writer.write(recordsAlways)
        writer.write(recordsStacks)
        writer.write(writesCores)
        writer.write(maximumReportCount) { $0.write(signed: Int64($1)) }
        writer.write(maximumTotalByteCount) { $0.write(signed: Int64($1)) }
        writer.write(secretKeys)
        writer.write(environmentVariables)
        writer.write(captureDeadline)
        writer.write(taskSearchLimit)
        writer.write(sectionDeadline)
        writer.write(helperSilence)
        writer.write(crashPatience)
        writer.write(helperProgram)
        writer.write(helperStandsBy)
        writer.write(signed: Int64(maximumThreadCount))
        writer.write(debugDirectories)
        writer.write(symbolizeSystemLibraries)
        writer.write(fetchDebugInformation)
    }

    /// Throws `.unknownTag` for a format that this version does not know.
    public init(from reader: inout WireReader) throws(WireError) {
        self.init()
        isEnabled = try reader.readBool()
        signals = try reader.readBool() ? try reader.readStrings() : nil
        crashSignals = try reader.readBool() ? try reader.readStrings() : nil
        fileEventHandler = try reader.readOptionalString()
        fileEventHandlerInterval = try reader.readDuration()
        signalsBesideFile = try reader.readBool()
        watchdogLimit = try reader.readBool() ? try reader.readDuration() : nil
        watchdogPause = try reader.readDuration()
        logDirectory = try reader.readOptionalString()
        let start = reader.offset
        formats = []
        for name in try reader.readStrings() {
            guard let format = ReportFormat(rawValue: name) else { throw WireError(.unknownTag, offset: start) }
            formats.append(format)
        }
        recordsAlways = try reader.readBool()
        recordsStacks = try reader.readBool()
        writesCores = try reader.readBool()
        maximumReportCount = try reader.readBool() ? try reader.readInt() : nil
        maximumTotalByteCount = try reader.readBool() ? try reader.readInt() : nil
        secretKeys = try reader.readStrings()
        environmentVariables = try reader.readStrings()
        captureDeadline = try reader.readDuration()
        taskSearchLimit = try reader.readDuration()
        sectionDeadline = try reader.readDuration()
        helperSilence = try reader.readDuration()
        crashPatience = try reader.readDuration()
        helperProgram = try reader.readOptionalString()
        helperStandsBy = try reader.readBool()
        maximumThreadCount = try reader.readInt()
        debugDirectories = try reader.readOptionalString()
        symbolizeSystemLibraries = try reader.readBool()
        fetchDebugInformation = try reader.readBool()
    }
}
