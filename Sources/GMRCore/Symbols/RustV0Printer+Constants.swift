/// Values of const generics: `Array<3>`, `Name<"x">`, `Flags<{ A { b: true } }>`.
extension RustV0Printer {
    /// `inValue`: within an expression already, so no braces are needed around another.
    mutating func printConstant(inValue: Bool) throws(RustV0Malformed) {
        try descend()
        let tag = Character(Unicode.Scalar(try reader.next()))
        switch tag {
        case "p": try print("_")
        case "h", "t", "m", "y", "o", "j": try printInteger()
        case "a", "s", "l", "x", "n", "i":
            if reader.eat("n") { try print("-") }
            try printInteger()
        case "b":
            switch try smallValue() {
            case 0: try print("false")
            case 1: try print("true")
            default: throw RustV0Malformed()
            }
        case "c":
            guard let value = try smallValue(), let wide = UInt32(exactly: value), let scalar = Unicode.Scalar(wide)
            else { throw RustV0Malformed() }
            try print("'" + Self.escaped(scalar, quote: "'") + "'")
        case "B":
            try followBackReference(otherwise: ()) { printer throws(RustV0Malformed) in
                try printer.printConstant(inValue: inValue)
            }
        case "R" where reader.eat("e"): try printStringLiteral()
        case "e", "R", "Q", "A", "T", "V":
            if !inValue { try print("{") }
            try printCompound(tag)
            if !inValue { try print("}") }
        default: throw RustV0Malformed()
        }
        ascend()
    }

    private mutating func printCompound(_ tag: Character) throws(RustV0Malformed) {
        switch tag {
        case "e":
            // A literal is a &str; this is the str behind it.
            try print("*")
            try printStringLiteral()
        case "R", "Q":
            try print(tag == "Q" ? "&mut " : "&")
            try printConstant(inValue: true)
        case "A":
            try print("[")
            try printConstants()
            try print("]")
        case "T":
            try print("(")
            let count = try printConstants()
            try print(count == 1 ? ",)" : ")")
        default:
            try printPath(inValue: true)
            try printFields()
        }
    }

    @discardableResult
    private mutating func printConstants() throws(RustV0Malformed) -> Int {
        try printList(separator: ", ") { printer throws(RustV0Malformed) in try printer.printConstant(inValue: true) }
    }

    private mutating func printFields() throws(RustV0Malformed) {
        switch Character(Unicode.Scalar(try reader.next())) {
        case "U": break
        case "T":
            try print("(")
            try printConstants()
            try print(")")
        case "S":
            try print(" { ")
            try printList(separator: ", ") { printer throws(RustV0Malformed) in
                _ = try printer.reader.disambiguator()
                try printer.print(try printer.reader.identifier().text + ": ")
                try printer.printConstant(inValue: true)
            }
            try print(" }")
        default: throw RustV0Malformed()
        }
    }

    /// The pattern of a pattern type: `u32 is 1..=9`.
    mutating func printPattern() throws(RustV0Malformed) {
        try descend()
        switch Character(Unicode.Scalar(try reader.next())) {
        case "R":
            try printConstant(inValue: false)
            try print("..=")
            try printConstant(inValue: false)
        case "O":
            try printList(separator: " | ") { printer throws(RustV0Malformed) in try printer.printPattern() }
        case "N":
            try print("!null")
        default: throw RustV0Malformed()
        }
        ascend()
    }

    /// `nil`: more than 64 bits.
    private mutating func smallValue() throws(RustV0Malformed) -> UInt64? {
        let digits = try reader.hexDigits().drop { $0 == UInt8(ascii: "0") }
        return digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func printInteger() throws(RustV0Malformed) {
        let start = reader.position
        if let value = try smallValue() {
            try print(String(value))
        } else {
            let digits = reader.bytes.dropFirst(start).prefix(reader.position - 1 - start)
            try print("0x" + String(decoding: digits.drop { $0 == UInt8(ascii: "0") }, as: UTF8.self))
        }
    }

    private mutating func printStringLiteral() throws(RustV0Malformed) {
        let digits = Array(try reader.hexDigits())
        guard digits.count % 2 == 0 else { throw RustV0Malformed() }
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            Self.value(digits[$0]) << 4 | Self.value(digits[$0 + 1])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw RustV0Malformed() }
        try print("\"" + text.unicodeScalars.map { Self.escaped($0, quote: "\"") }.joined() + "\"")
    }

    private static func value(_ digit: UInt8) -> UInt8 {
        digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
    }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
        switch scalar {
        case "\0": return "\\0"
        case "\t": return "\\t"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\\": return "\\\\"
        case quote: return "\\" + String(Character(scalar))
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            return "\\u{" + String(scalar.value, radix: 16) + "}"
        default:
            return String(Character(scalar))
        }
    }
}
