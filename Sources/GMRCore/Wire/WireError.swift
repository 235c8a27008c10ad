/// Why bytes could not be decoded.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Compare with the constants; more may come.
    public struct Code: Sendable, Equatable {
        fileprivate let text: String

        /// The bytes end in the middle of a value.
        public static let truncated = Code(text: "the data ends in the middle of a value")
        /// A length or count is larger than what follows it.
        public static let lengthOutOfRange = Code(text: "a length is larger than the data")
        /// A number does not fit the type it is for.
        public static let numberOutOfRange = Code(text: "a number is out of range")
        /// A case that this version does not know.
        public static let unknownTag = Code(text: "a tag is unknown")
        /// Values nest deeper than `SectionModel.maximumDepth`.
        public static let tooDeep = Code(text: "values nest too deep")
        /// Bytes are left over after the value.
        public static let trailingBytes = Code(text: "bytes are left over")
        /// The first byte is not that of the format this version writes.
        public static let unknownVersion = Code(text: "the format's version is unknown")
    }

    /// What is wrong.
    public var code: Code
    /// Where in the data, in bytes from its beginning.
    public var offset: Int

    /// An error at an offset in bytes.
    public init(_ code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// For a report: what is wrong, and where.
    public var description: String { "\(code.text) (at byte \(offset))" }
}
