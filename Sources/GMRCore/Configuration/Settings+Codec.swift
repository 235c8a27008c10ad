extension Settings: WireCodable {
    /// All fields, in the order of their declaration.
    public func encode(to writer: inout WireWriter) {
        writer.write(isEnabled)
        writer.write(format.rawValue)
        writer.write(captureDeadline)
        writer.write(sectionDeadline)
        writer.write(helperSilence)
        writer.write(signed: Int64(maximumThreadCount))
        writer.write(debugDirectories)
        writer.write(symbolizeSystemLibraries)
        writer.write(fetchDebugInformation)
        writer.write(logDirectory)
        writer.write(signals != nil)
        if let signals { writer.write(signals) }
        writer.write(fileEventHandler)
        writer.write(fileEventHandlerInterval)
        writer.write(signalsBesideFile)
    }

    /// Throws `.unknownTag` for a format that this version does not know.
    public init(from reader: inout WireReader) throws(WireError) {
        self.init()
        isEnabled = try reader.readBool()
        let start = reader.offset
        guard let format = ReportFormat(rawValue: try reader.readString()) else {
            throw WireError(.unknownTag, offset: start)
        }
        self.format = format
        captureDeadline = try reader.readDuration()
        sectionDeadline = try reader.readDuration()
        helperSilence = try reader.readDuration()
        maximumThreadCount = try reader.readInt()
        debugDirectories = try reader.readOptionalString()
        symbolizeSystemLibraries = try reader.readBool()
        fetchDebugInformation = try reader.readBool()
        logDirectory = try reader.readOptionalString()
        signals = try reader.readBool() ? try reader.readStrings() : nil
        fileEventHandler = try reader.readOptionalString()
        fileEventHandlerInterval = try reader.readDuration()
        signalsBesideFile = try reader.readBool()
    }
}
