extension SectionModel {
    /// How deep lists and key–values may nest. What lies deeper is replaced by a marker in every format, because
    /// rendering and decoding recurse and a report must not die of a section that refers to itself.
    public static let maximumDepth = 64

    /// What a report shows in the place of values nested deeper than `maximumDepth`.
    static let cutMarker = "(nested more than \(maximumDepth) deep)"
}
