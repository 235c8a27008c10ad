/// A setting that could not be used, in words for the person who made it.
public struct SettingProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// `GMR_FORMAT`
    public var variable: String
    /// What it was set to.
    public var value: String
    /// What is wrong, as the rest of a sentence that begins with `GMR_FORMAT=xml2`: `is not a format`.
    public var complaint: String
    /// What is used in its place.
    public var used: String
    /// What would have been taken: `text, json, xml, both`.
    public var accepted: String

    /// A problem from the parts of its sentence.
    public init(variable: String, value: String, complaint: String, used: String, accepted: String) {
        self.variable = variable
        self.value = value
        self.complaint = complaint
        self.used = used
        self.accepted = accepted
    }

    /// One line: `GMR_FORMAT=xml2 is not a format; using text. Accepted: text, json, xml, both`. A value of more than 64
    /// characters is cut.
    public var description: String {
        let shown = value.count > 64 ? value.prefix(64) + "…" : value
        return PrintableText.escaped("\(variable)=\(shown) \(complaint); using \(used). Accepted: \(accepted)")
    }
}
