/// A v0 name that breaks the grammar, nests too deeply or prints too much.
struct RustV0Malformed: Error {}

/// The lexical part of a v0 name: numbers, identifiers, hex digits.
struct RustV0Reader {
    let bytes: ArraySlice<UInt8>
    /// Bytes after `_R`; back references count from there.
    var position = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var peeked: UInt8? {
        position < bytes.count ? bytes[bytes.startIndex + position] : nil
    }

    /// Position of what a back reference names; `tagPosition` is that of its `B`, and it must lie before.
    mutating func backReference(tagPosition: Int) throws(RustV0Malformed) -> Int {
        guard let target = Int(exactly: try base62()), target < tagPosition else { throw RustV0Malformed() }
        return target
    }

    var rest: ArraySlice<UInt8> {
        bytes.dropFirst(position)
    }

    mutating func next() throws(RustV0Malformed) -> UInt8 {
        guard let byte = peeked else { throw RustV0Malformed() }
        position += 1
        return byte
    }

    mutating func eat(_ character: Unicode.Scalar) -> Bool {
        guard peeked == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// `_` is 0, `0_` is 1, `Z_` is 62. The hash of a crate takes all 64 bits.
    mutating func base62() throws(RustV0Malformed) -> UInt64 {
        if eat("_") { return 0 }
        var value: UInt64 = 0
        while !eat("_") {
            let byte = try next()
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = UInt64(byte - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = UInt64(byte - UInt8(ascii: "A")) + 36
            default: throw RustV0Malformed()
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 62)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry, sum < UInt64.max - 2 else { throw RustV0Malformed() }
            value = sum
        }
        return value + 1
    }

    /// 0 without the tag, else one more than the number after it.
    mutating func optionalBase62(_ tag: Unicode.Scalar) throws(RustV0Malformed) -> UInt64 {
        eat(tag) ? try base62() + 1 : 0
    }

    mutating func disambiguator() throws(RustV0Malformed) -> UInt64 {
        try optionalBase62("s")
    }

    struct Identifier {
        var ascii: ArraySlice<UInt8>
        var punycode: ArraySlice<UInt8>?

        var isEmpty: Bool { ascii.isEmpty && punycode == nil }

        var text: String {
            let plain = String(decoding: ascii, as: UTF8.self)
            guard let punycode else { return plain }
            if let decoded = RustPunycode.decode(basic: ascii, extended: punycode) { return decoded }
            return "punycode{" + (plain.isEmpty ? "" : plain + "-") + String(decoding: punycode, as: UTF8.self) + "}"
        }
    }

    mutating func identifier() throws(RustV0Malformed) -> Identifier {
        let isPunycode = eat("u")
        guard let first = peeked, isDigit(first) else { throw RustV0Malformed() }
        var length = 0
        repeat {
            length = length * 10 + Int(try next() - UInt8(ascii: "0"))
            guard length <= bytes.count else { throw RustV0Malformed() }
        } while length > 0 && peeked.map(isDigit) == true
        _ = eat("_")
        guard length <= bytes.count - position else { throw RustV0Malformed() }
        let text = rest.prefix(length)
        position += length
        guard isPunycode else { return Identifier(ascii: text) }
        let separator = text.lastIndex(of: UInt8(ascii: "_"))
        let extended = separator.map { text[($0 + 1)...] } ?? text
        guard !extended.isEmpty else { throw RustV0Malformed() }
        return Identifier(ascii: separator.map { text[..<$0] } ?? text.prefix(0), punycode: extended)
    }

    /// Lower-case hex digits up to `_`.
    mutating func hexDigits() throws(RustV0Malformed) -> ArraySlice<UInt8> {
        let start = position
        while !eat("_") {
            let byte = try next()
            guard isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")) else {
                throw RustV0Malformed()
            }
        }
        return bytes.dropFirst(start).prefix(position - 1 - start)
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

/// RFC 3492, with `_` for the delimiter, which the caller has split at.
enum RustPunycode {
    static func decode(basic: ArraySlice<UInt8>, extended: ArraySlice<UInt8>) -> String? {
        guard basic.count + extended.count <= 256 else { return nil }
        var scalars = basic.map { Unicode.Scalar($0) }
        var code: UInt32 = 128
        var index: UInt32 = 0
        var bias: UInt32 = 72
        var isFirst = true
        var input = extended
        while !input.isEmpty {
            let previous = index
            var weight: UInt32 = 1
            var step: UInt32 = 36
            while true {
                guard let byte = input.popFirst() else { return nil }
                let digit: UInt32
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = UInt32(byte - UInt8(ascii: "a"))
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0")) + 26
                default: return nil
                }
                let (product, overflow) = digit.multipliedReportingOverflow(by: weight)
                let (sum, carry) = index.addingReportingOverflow(product)
                guard !overflow, !carry else { return nil }
                index = sum
                let threshold = step <= bias ? 1 : min(step - bias, 26)
                if digit < threshold { break }
                let (heavier, tooHeavy) = weight.multipliedReportingOverflow(by: 36 - threshold)
                guard !tooHeavy else { return nil }
                weight = heavier
                step += 36
            }
            let length = UInt32(scalars.count) + 1
            bias = adapted(index - previous, length: length, isFirst: isFirst)
            isFirst = false
            let (next, overflow) = code.addingReportingOverflow(index / length)
            guard !overflow, let scalar = Unicode.Scalar(next) else { return nil }
            code = next
            index %= length
            scalars.insert(scalar, at: Int(index))
            index += 1
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func adapted(_ delta: UInt32, length: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / length
        var step: UInt32 = 0
        while delta > 455 {
            delta /= 35
            step += 36
        }
        return step + 36 * delta / (delta + 38)
    }
}
