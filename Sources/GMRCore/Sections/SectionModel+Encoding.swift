extension SectionModel {
    /// What a value says of itself when it is encoded:
    /// ```swift
    /// gmr.registerSection("Connection pool") { try SectionModel(encoding: pool.statistics()) }
    /// ```
    /// A keyed container becomes a key–value in the order of encoding, an unkeyed one a list, a single value what
    /// it is; a value that encodes nothing is an empty key–value. Integers beyond `Int64` become text. What is nil
    /// becomes null; but a property that is nil is left out, because the code that Swift writes for a type asks for
    /// that. Of a key that is encoded twice the later value stands, in the place of the first.
    ///
    /// Runs the types' own `encode(to:)` on the calling thread, and blocks it no longer than they do.
    ///
    /// - Throws: `EncodingError.invalidValue` where values nest deeper than `maximumDepth`, as those that refer to
    ///   themselves do; whatever the types throw.
    public init(encoding value: some Encodable) throws {
        let encoder = SectionEncoder()
        try encoder.encode(value)
        self = try encoder.model()
    }

    /// An integer, or its decimal digits where it is too large for one.
    init(integer value: some FixedWidthInteger) {
        self = Int64(exactly: value).map(SectionModel.integer) ?? .text(String(value))
    }

    /// The shortest digits that give the number back: `0.1`, where its exact value is 0.10000000149011612.
    init(float value: Float) {
        self = .double(Double(value.description) ?? Double(value))
    }
}
