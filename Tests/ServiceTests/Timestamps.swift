import Foundation

/// Times as the names of reports have them.
enum Timestamps {
    /// `yyyymmddHHMMSS` in UTC.
    static func digits(of date: Date) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = .gmt
        format.dateFormat = "yyyyMMddHHmmss"
        return format.string(from: date)
    }
}
