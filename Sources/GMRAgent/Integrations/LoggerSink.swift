#if Logging
    import GMRCore
    public import Logging

    /// Writes reports to a log of swift-log: one message each, of many lines, or one message a line.
    public struct LoggerSink: ReportSink {
        public var name: String { "the log" }
        private let logger: Logger
        private let level: Logger.Level
        private let isMessagePerLine: Bool

        /// - Parameters:
        ///   - logger: Where each report becomes a message.
        ///   - level: Of that message.
        ///   - isMessagePerLine: For log handlers that cut long messages or those of several lines.
        public init(_ logger: Logger, level: Logger.Level = .notice, isMessagePerLine: Bool = false) {
            self.logger = logger
            self.level = level
            self.isMessagePerLine = isMessagePerLine
        }

        public func deliver(_ report: FinishedReport) throws {
            guard isMessagePerLine else {
                logger.log(level: level, "Guru Meditation Report\n\(report.rendered)")
                return
            }
            for line in report.rendered.split(separator: "\n") { logger.log(level: level, "\(line)") }
        }
    }
#endif
