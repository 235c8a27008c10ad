/// Writes a report as XML for the readers of oslo.reports' XML: the keys and values of the JSON contract
/// `gmr-report/1`, see `JSONRenderer`, in the elements of `XMLWriter`.
///
/// The document is well-formed XML 1.0 whatever names the program has. What is not printable in them is escaped as
/// in a text report; the JSON report has the exact text.
public enum XMLRenderer {
    /// The report as one document: a declaration, and the element `model`, which ends with a line break.
    /// - Parameter progress: Called now and then.
    public static func render(_ report: Report, progress: () -> Void = {}) -> String {
        var xml = XMLWriter()
        ReportStructure.write(report, to: &xml, progress: progress)
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + xml.text + "\n"
    }
}
