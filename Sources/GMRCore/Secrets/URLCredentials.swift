/// Finds credentials inside URLs: `amqp://nova:PASSWORD@host`, and lists of hosts as oslo.messaging's `transport_url`
/// has them. What does not follow RFC 3986, such as a `/` in a password, is read as whoever wrote it meant it.
enum URLCredentials {
    /// A user name without a password, of more letters than people have in theirs, is a token.
    private static let longestUserName = 20

    /// The passwords, and tokens in their place.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index + 2 < bytes.count {
            guard let start = authority(behind: index, in: bytes) else {
                index += 1
                continue
            }
            let end = self.end(from: start, in: bytes)
            ranges += self.ranges(in: bytes, authority: start..<end, isWeb: isWeb(bytes[..<index]))
            index = max(start, end)
        }
        return ranges
    }

    /// Behind `://`, which is `:\/\/` in some JSON.
    private static func authority(behind colon: Int, in bytes: [UInt8]) -> Int? {
        guard bytes[colon] == UInt8(ascii: ":") else { return nil }
        return ["://", ":\\/\\/"].first { bytes[colon...].starts(with: $0.utf8) }.map { colon + $0.utf8.count }
    }

    /// A URL ends where white space, a quotation mark or a bracket follows, or another URL begins.
    private static func end(from start: Int, in bytes: [UInt8]) -> Int {
        let endings = Array("\"'<>`".utf8)
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if ASCII.isBlank(byte) || endings.contains(byte) { return end }
            if byte == UInt8(ascii: ":"), authority(behind: end, in: bytes) != nil { return end }
            end += 1
        }
        return end
    }

    private static func isWeb(_ before: ArraySlice<UInt8>) -> Bool {
        let scheme = before.suffix(5).map { $0 | 0x20 }
        return scheme.suffix(4) == Array("http".utf8)[...] || scheme == Array("https".utf8)
    }

    private static func ranges(in bytes: [UInt8], authority url: Range<Int>, isWeb: Bool) -> [Range<Int>] {
        let marks = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
        var authority = url.lowerBound..<(bytes[url].firstIndex { marks.contains($0) } ?? url.upperBound)
        // A password with one of the marks in it, or an `@` in the path: where a password begins, the last `@` ends it.
        if let last = bytes[url].lastIndex(of: UInt8(ascii: "@")), last >= authority.upperBound,
            let colon = bytes[authority].firstIndex(of: UInt8(ascii: ":")),
            !(isWeb && isPort(bytes[colon + 1..<authority.upperBound]))
        {
            authority = url.lowerBound..<last + 1
        }
        let parts = self.parts(of: authority, in: bytes)
        return parts.compactMap { part in
            guard let at = bytes[part].lastIndex(of: UInt8(ascii: "@")) else { return nil }
            if let colon = bytes[part.lowerBound..<at].firstIndex(of: UInt8(ascii: ":")) {
                return colon + 1 < at ? colon + 1..<at : nil
            }
            let isToken = isWeb || at - part.lowerBound > longestUserName
            return isToken && part.lowerBound < at ? part.lowerBound..<at : nil
        }
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(ASCII.isDigit)
    }

    /// `a:b@h1,c:d@h2`: several, if each of them has credentials of its own; otherwise the comma is part of a password.
    private static func parts(of authority: Range<Int>, in bytes: [UInt8]) -> [Range<Int>] {
        let parts = bytes[authority].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return parts.allSatisfy { $0.contains(UInt8(ascii: "@")) } ? parts.map(\.indices) : [authority]
    }
}
