extension Timestamp {
    /// Year to millisecond in the proleptic Gregorian calendar, UTC.
    struct Civil: Equatable {
        var year: Int
        var month: Int
        var day: Int
        var hour: Int
        var minute: Int
        var second: Int
        var millisecond: Int
    }

    /// ISO 8601 with milliseconds, cut and not rounded: `2026-11-20T20:24:51.861Z`.
    public var iso8601: String {
        let civil = self.civil
        return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
            + "T\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
            + ".\(padded(civil.millisecond, 3))Z"
    }

    /// `yyyymmddHHMMSS`, the form that oslo.reports puts into a report's file name.
    public var fileNameDigits: String {
        let civil = self.civil
        return padded(civil.year, 4) + padded(civil.month, 2) + padded(civil.day, 2)
            + padded(civil.hour, 2) + padded(civil.minute, 2) + padded(civil.second, 2)
    }

    /// The algorithm `civil_from_days` of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of
    /// 400 years (146,097 days) that begin on 1 March, so that the leap day is the last of its year.
    var civil: Civil {
        let (days, nanosecondOfDay) = nanosecondsSinceEpoch.flooredDivision(by: 86_400_000_000_000)
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let milliseconds = Int(nanosecondOfDay / 1_000_000)
        return Civil(
            year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)),
            month: Int(month),
            day: Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1),
            hour: milliseconds / 3_600_000,
            minute: milliseconds / 60_000 % 60,
            second: milliseconds / 1_000 % 60,
            millisecond: milliseconds % 1_000)
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that times before 1970 have remainders that count forward.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
