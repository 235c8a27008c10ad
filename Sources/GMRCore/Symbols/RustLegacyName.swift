/// Names that look like C++ (`_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE`) with escapes for what C++ lacks.
enum RustLegacyName {
    /// `bytes`: what follows `_ZN`.
    static func demangle(_ bytes: ArraySlice<UInt8>) -> String? {
        var rest = bytes
        var elements: [ArraySlice<UInt8>] = []
        while let first = rest.first, first != UInt8(ascii: "E") {
            guard let length = takeLength(&rest), length > 0, length <= rest.count else { return nil }
            elements.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        // The hash is what tells it from C++.
        guard rest.popFirst() != nil, elements.count > 1, let hash = elements.popLast(), isHash(hash) else {
            return nil
        }
        guard rest.isEmpty || rest.first == UInt8(ascii: ".") else { return nil }
        var output = ""
        for (index, element) in elements.enumerated() {
            if index > 0 { output += "::" }
            appendUnescaped(element, to: &output)
        }
        output += String(decoding: rest, as: UTF8.self)
        return output.utf8.count <= RustDemangler.outputLimit ? output : nil
    }

    private static func takeLength(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var length: Int?
        while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            length = (length ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            guard let sofar = length, sofar <= rest.count else { return nil }
            rest = rest.dropFirst()
        }
        return length
    }

    private static func isHash(_ element: ArraySlice<UInt8>) -> Bool {
        element.count == 17 && element.first == UInt8(ascii: "h")
            && element.dropFirst().allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }

    private static func appendUnescaped(_ element: ArraySlice<UInt8>, to output: inout String) {
        var rest = element.starts(with: "_$".utf8) ? element.dropFirst() : element
        while let first = rest.first {
            if first == UInt8(ascii: ".") {
                let isSeparator = rest.dropFirst().first == UInt8(ascii: ".")
                output += isSeparator ? "::" : "."
                rest = rest.dropFirst(isSeparator ? 2 : 1)
            } else if first == UInt8(ascii: "$") {
                guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "$")),
                    let character = unescape(rest[(rest.startIndex + 1)..<end])
                else { break }
                output.unicodeScalars.append(character)
                rest = rest[(end + 1)...]
            } else {
                let end = rest.firstIndex { $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: ".") } ?? rest.endIndex
                output += String(decoding: rest[..<end], as: UTF8.self)
                rest = rest[end...]
            }
        }
        output += String(decoding: rest, as: UTF8.self)
    }

    private static func unescape(_ escape: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let text = String(decoding: escape, as: UTF8.self)
        switch text {
        case "SP": return "@"
        case "BP": return "*"
        case "RF": return "&"
        case "LT": return "<"
        case "GT": return ">"
        case "LP": return "("
        case "RP": return ")"
        case "C": return ","
        default:
            guard text.hasPrefix("u"), text.utf8.count > 1, let value = UInt32(text.dropFirst(), radix: 16),
                let scalar = Unicode.Scalar(value), scalar.properties.generalCategory != .control
            else { return nil }
            return scalar
        }
    }
}
