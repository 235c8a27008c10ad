/// How a secret may be written inside other text.
enum SecretForms {
    /// A shorter piece of base64 turns up by chance.
    private static let shortestBase64 = 8

    /// UTF-8, the secret itself among them.
    static func all(of text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy(ASCII.isAlphanumeric) { return [bytes] + base64(bytes) }
        var json = JSONWriter()
        json.string(text)
        let inJSON = Array(json.text.utf8.dropFirst().dropLast())
        return [
            bytes, Array(PrintableText.escaped(text).utf8), inJSON, replacing(["/": "\\/"], in: inJSON),
            percentEncoded(bytes), percentEncoded(bytes, digits: "0123456789abcdef"),
            percentEncoded(bytes, kept: "-._~!'()*"), replacing([" ": "+"], in: percentEncoded(bytes, kept: "-._~ ")),
            replacing(["&": "&amp;", "<": "&lt;", ">": "&gt;"], in: bytes),
        ] + base64(bytes)
    }

    private static func replacing(_ replacements: [Unicode.Scalar: String], in bytes: [UInt8]) -> [UInt8] {
        var table = [String?](repeating: nil, count: 256)
        for (scalar, replacement) in replacements { table[Int(scalar.value)] = replacement }
        var result: [UInt8] = []
        for byte in bytes {
            if let replacement = table[Int(byte)] { result += replacement.utf8 } else { result.append(byte) }
        }
        return result
    }

    /// RFC 3986 keeps letters, digits and `-._~`, JavaScript's encodeURIComponent some more.
    private static func percentEncoded(
        _ bytes: [UInt8], digits: String = "0123456789ABCDEF", kept: String = "-._~"
    ) -> [UInt8] {
        let (digits, kept) = (Array(digits.utf8), Array(kept.utf8))
        var result: [UInt8] = []
        for byte in bytes {
            if byte < 0x80, ASCII.isAlphanumeric(byte) || kept.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    /// RFC 4648 without the padding, in both alphabets: the secret alone, and what all texts have in common that hold
    /// it behind one, two or three other bytes.
    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for shift in 0..<3 {
            let shifted = [UInt8](repeating: 0, count: shift) + bytes
            let encoded = base64Encoded(shifted)
            // The letters at both ends have bits of what is around.
            let common = encoded.dropFirst(shift == 0 ? 0 : shift + 1).dropLast(shifted.count % 3 == 0 ? 0 : 1)
            forms += shift == 0 ? [encoded, Array(common)] : [Array(common)]
        }
        return forms.filter { $0.count >= shortestBase64 }.flatMap { form in
            [
                form,
                form.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                },
            ]
        }
    }

    private static let base64Letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64Encoded(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count * 4 / 3 + 3)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                result.append(base64Letters[Int(bits >> bitCount & 63)])
            }
        }
        if bitCount > 0 { result.append(base64Letters[Int(bits << (6 - bitCount) & 63)]) }
        return result
    }
}
