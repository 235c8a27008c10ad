/// The name of a report's file, `${service}_gurumeditation_${UTC yyyymmddHHMMSS}` as oslo.reports has it, then `_1`, `_2`…
/// where that was taken, then the format's ending where there are several.
struct ReportFileName: Comparable {
    /// `20261121034002`
    var digits: String
    var sequence: Int
    /// `.json`, or nothing.
    var suffix: String

    /// Of raw records, which are written before their report has a number.
    static let recordSuffix = ".gmr"

    /// What all reports of a service begin with. A service name is no path.
    static func prefix(serviceName: String) -> String {
        let name = serviceName.utf8.map { $0 == UInt8(ascii: "/") || $0 == 0 ? UInt8(ascii: "_") : $0 }
        return String(decoding: name, as: UTF8.self) + "_gurumeditation_"
    }

    /// Nil for a name that no report of that service has.
    init?(_ name: String, serviceName: String) {
        let prefix = Self.prefix(serviceName: serviceName)
        guard name.hasPrefix(prefix) else { return nil }
        var rest = name.dropFirst(prefix.count)
        digits = String(rest.prefix(14))
        guard digits.utf8.count == 14, Self.isNumber(digits[...]) else { return nil }
        rest = rest.dropFirst(14)
        suffix = rest.firstIndex(of: ".").map { String(rest[$0...]) } ?? ""
        guard ["", ".json", ".xml", Self.recordSuffix, ReportFiles.coreSuffix].contains(suffix) else { return nil }
        rest = rest.dropLast(suffix.count)
        if rest.isEmpty {
            sequence = 0
        } else {
            guard rest.first == "_", Self.isNumber(rest.dropFirst()), let number = Int(rest.dropFirst()) else {
                return nil
            }
            sequence = number
        }
    }

    /// Older ones first.
    static func < (left: Self, right: Self) -> Bool {
        (left.digits, left.sequence, left.suffix) < (right.digits, right.sequence, right.suffix)
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
