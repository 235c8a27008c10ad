/// Text that a terminal, a log and an editor show as it is.
///
/// Names of threads, functions, files and processes are whatever a program chose to make them: an escape sequence
/// in a thread's name must not clear the terminal of the person who reads the report, and a line break must not
/// forge a frame.
public enum PrintableText {
    /// The text with each control, format, unassigned and private-use character escaped: `\xNN` up to U+00FF,
    /// `\u{…}` above. The result is one line. A backslash stays as it is: the JSON report has the exact text.
    public static func escaped(_ text: String) -> String {
        var result = ""
        append(text, to: &result)
        return result
    }

    /// Text from bytes that nothing vouches for; a byte that is not part of valid UTF-8 becomes `\xNN`.
    /// Control characters are kept: the renderers escape them.
    public static func string(fromUntrusted bytes: [UInt8]) -> String {
        if let valid = String(validating: bytes, as: UTF8.self) { return valid }
        var result = ""
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                result.unicodeScalars.append(Unicode.UTF8.decode(encoded))
                position += encoded.count
            case .error(let length):
                for byte in bytes[position..<position + length] { result += escape(Unicode.Scalar(byte)) }
                position += length
            case .emptyInput:
                return result
            }
        }
    }

    static func append(_ text: String, to result: inout String) {
        if text.eachByteSatisfies({ $0 >= 0x20 && $0 < 0x7F }) {
            result += text
            return
        }
        for scalar in text.unicodeScalars {
            if isPrintable(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                result += escape(scalar)
            }
        }
    }

    /// False for what has no glyph of its own or moves the ones around it: controls, bidirectional overrides,
    /// zero-width characters, line separators, private use, unassigned. The joiner of emoji is allowed.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value >= 0x20 }
        if scalar.value == 0x200D { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// `\xNN` up to U+00FF, `\u{…}` above.
    static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        if scalar.value > 0xFF { return "\\u{\(digits)}" }
        return scalar.value < 0x10 ? "\\x0\(digits)" : "\\x\(digits)"
    }
}

extension UInt64 {
    /// `0x` and lower-case digits, without leading zeros.
    package var hexadecimal: String { "0x" + String(self, radix: 16) }
}

extension String {
    /// True if the predicate holds for each byte of the UTF-8. Over the bare buffer: `utf8.allSatisfy` alone took a
    /// sixth of the time of rendering.
    func eachByteSatisfies(_ predicate: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(predicate) } ?? utf8.allSatisfy(predicate)
    }
}
