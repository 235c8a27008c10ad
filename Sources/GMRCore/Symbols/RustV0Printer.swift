/// Prints the paths and types of a v0 name while it reads them; constants are in `RustV0Printer+Constants.swift`.
struct RustV0Printer {
    /// Of paths, types and constants within each other; as in `rustc-demangle`.
    private static let depthLimit = 300

    var reader: RustV0Reader
    private(set) var output = ""
    private var isSilent = false
    private var depth = 0
    private var boundLifetimeCount = 0
    /// Back references can repeat work that prints nothing; no real name comes near.
    private var stepsLeft = 200_000

    /// `bytes`: what follows `_R`.
    static func demangle(_ bytes: ArraySlice<UInt8>) -> String? {
        // A digit would be the version of an encoding that doesn't exist yet.
        guard let first = bytes.first, isUppercase(first) else { return nil }
        var printer = RustV0Printer(reader: RustV0Reader(bytes))
        do {
            try printer.printPath(inValue: true)
            if let next = printer.reader.peeked, isUppercase(next) {
                // The crate that instantiated a generic function: not part of its name.
                printer.isSilent = true
                try printer.printPath(inValue: false)
                printer.isSilent = false
            }
            let suffix = printer.reader.rest
            guard suffix.isEmpty || suffix.first == UInt8(ascii: ".") else { return nil }
            try printer.print(String(decoding: suffix, as: UTF8.self))
            return printer.output
        } catch {
            return nil
        }
    }

    private init(reader: RustV0Reader) {
        self.reader = reader
    }

    private static func isUppercase(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }

    mutating func print(_ text: String) throws(RustV0Malformed) {
        guard !isSilent else { return }
        guard output.utf8.count + text.utf8.count <= RustDemangler.outputLimit else { throw RustV0Malformed() }
        output += text
    }

    mutating func descend() throws(RustV0Malformed) {
        depth += 1
        stepsLeft -= 1
        guard depth <= Self.depthLimit, stepsLeft > 0 else { throw RustV0Malformed() }
    }

    mutating func ascend() {
        depth -= 1
    }

    /// Returns the number of elements up to `E`.
    @discardableResult
    mutating func printList(
        separator: String, _ element: (inout RustV0Printer) throws(RustV0Malformed) -> Void
    ) throws(RustV0Malformed) -> Int {
        var count = 0
        while !reader.eat("E") {
            if count > 0 { try print(separator) }
            try element(&self)
            count += 1
        }
        return count
    }

    /// After `B`: goes on reading at an earlier position, and comes back.
    mutating func followBackReference<Result>(
        otherwise: Result, _ body: (inout RustV0Printer) throws(RustV0Malformed) -> Result
    ) throws(RustV0Malformed) -> Result {
        let target = try reader.backReference(tagPosition: reader.position - 1)
        guard !isSilent else { return otherwise }
        let here = reader.position
        try descend()
        reader.position = target
        let result = try body(&self)
        reader.position = here
        ascend()
        return result
    }

    // MARK: Paths

    mutating func printPath(inValue: Bool) throws(RustV0Malformed) {
        try descend()
        let tag = try reader.next()
        switch Character(Unicode.Scalar(tag)) {
        case "C":
            _ = try reader.disambiguator()
            try print(try reader.identifier().text)
        case "N":
            try printNested(inValue: inValue)
        case "M", "X":
            _ = try reader.disambiguator()
            // Where the impl stands says less than what it is for.
            let wasSilent = isSilent
            isSilent = true
            try printPath(inValue: false)
            isSilent = wasSilent
            try printQualifiedSelf(hasTrait: tag == UInt8(ascii: "X"))
        case "Y":
            try printQualifiedSelf(hasTrait: true)
        case "I":
            try printPath(inValue: inValue)
            if inValue { try print("::") }
            try printGenericArguments()
            try print(">")
        case "B":
            try followBackReference(otherwise: ()) { printer throws(RustV0Malformed) in
                try printer.printPath(inValue: inValue)
            }
        default:
            throw RustV0Malformed()
        }
        ascend()
    }

    private mutating func printNested(inValue: Bool) throws(RustV0Malformed) {
        let namespace = try reader.next()
        let isSpecial = Self.isUppercase(namespace)
        guard isSpecial || (namespace >= UInt8(ascii: "a") && namespace <= UInt8(ascii: "z")) else {
            throw RustV0Malformed()
        }
        try printPath(inValue: inValue)
        let disambiguator = try reader.disambiguator()
        let name = try reader.identifier()
        guard isSpecial else {
            if !name.isEmpty { try print("::" + name.text) }
            return
        }
        let kind: String
        switch Character(Unicode.Scalar(namespace)) {
        case "C": kind = "closure"
        case "S": kind = "shim"
        default: kind = String(Character(Unicode.Scalar(namespace)))
        }
        try print("::{" + kind + (name.isEmpty ? "" : ":" + name.text) + "#\(disambiguator)}")
    }

    private mutating func printQualifiedSelf(hasTrait: Bool) throws(RustV0Malformed) {
        try print("<")
        try printType()
        if hasTrait {
            try print(" as ")
            try printPath(inValue: false)
        }
        try print(">")
    }

    /// "<A, B" without the closing bracket: a dyn trait adds its associated types.
    private mutating func printGenericArguments() throws(RustV0Malformed) {
        try print("<")
        try printList(separator: ", ") { printer throws(RustV0Malformed) in
            if printer.reader.eat("L") {
                try printer.printLifetime(try printer.reader.base62())
            } else if printer.reader.eat("K") {
                try printer.printConstant(inValue: false)
            } else {
                try printer.printType()
            }
        }
    }

    // MARK: Types

    mutating func printType() throws(RustV0Malformed) {
        let tag = try reader.next()
        if let name = Self.basicTypes[tag] {
            try print(name)
            return
        }
        try descend()
        switch Character(Unicode.Scalar(tag)) {
        case "R", "Q":
            try print("&")
            if reader.eat("L") {
                let lifetime = try reader.base62()
                if lifetime != 0 {
                    try printLifetime(lifetime)
                    try print(" ")
                }
            }
            if tag == UInt8(ascii: "Q") { try print("mut ") }
            try printType()
        case "P", "O":
            try print(tag == UInt8(ascii: "O") ? "*mut " : "*const ")
            try printType()
        case "A", "S":
            try print("[")
            try printType()
            if tag == UInt8(ascii: "A") {
                try print("; ")
                try printConstant(inValue: true)
            }
            try print("]")
        case "T":
            try print("(")
            let count = try printList(separator: ", ") { printer throws(RustV0Malformed) in try printer.printType() }
            try print(count == 1 ? ",)" : ")")
        case "F":
            try inBinder { printer throws(RustV0Malformed) in try printer.printFunctionSignature() }
        case "D":
            try printDynamicType()
        case "W":
            try printType()
            try print(" is ")
            try printPattern()
        case "B":
            try followBackReference(otherwise: ()) { printer throws(RustV0Malformed) in try printer.printType() }
        default:
            reader.position -= 1
            try printPath(inValue: false)
        }
        ascend()
    }

    private mutating func printFunctionSignature() throws(RustV0Malformed) {
        if reader.eat("U") { try print("unsafe ") }
        if reader.eat("K") {
            var abi = "C"
            if !reader.eat("C") {
                let name = try reader.identifier()
                guard !name.ascii.isEmpty, name.punycode == nil else { throw RustV0Malformed() }
                abi = String(name.text.map { $0 == "_" ? "-" : $0 })
            }
            try print("extern \"" + abi + "\" ")
        }
        try print("fn(")
        try printList(separator: ", ") { printer throws(RustV0Malformed) in try printer.printType() }
        try print(")")
        if !reader.eat("u") {
            try print(" -> ")
            try printType()
        }
    }

    private mutating func printDynamicType() throws(RustV0Malformed) {
        try print("dyn ")
        try inBinder { printer throws(RustV0Malformed) in
            try printer.printList(separator: " + ") { printer throws(RustV0Malformed) in
                try printer.printDynamicTrait()
            }
        }
        guard reader.eat("L") else { throw RustV0Malformed() }
        let lifetime = try reader.base62()
        if lifetime != 0 {
            try print(" + ")
            try printLifetime(lifetime)
        }
    }

    private mutating func printDynamicTrait() throws(RustV0Malformed) {
        var isOpen = try printPathLeavingGenericsOpen()
        while reader.eat("p") {
            try print(isOpen ? ", " : "<")
            isOpen = true
            try print(try reader.identifier().text + " = ")
            try printType()
        }
        if isOpen { try print(">") }
    }

    private mutating func printPathLeavingGenericsOpen() throws(RustV0Malformed) -> Bool {
        if reader.eat("B") {
            return try followBackReference(otherwise: false) { printer throws(RustV0Malformed) in
                try printer.printPathLeavingGenericsOpen()
            }
        }
        guard reader.eat("I") else {
            try printPath(inValue: false)
            return false
        }
        try printPath(inValue: false)
        try printGenericArguments()
        return true
    }

    /// "for<'a, 'b> " and what it binds.
    private mutating func inBinder(
        _ body: (inout RustV0Printer) throws(RustV0Malformed) -> Void
    ) throws(RustV0Malformed) {
        guard let count = Int(exactly: try reader.optionalBase62("G")), count <= RustDemangler.outputLimit else {
            throw RustV0Malformed()
        }
        if count > 0 {
            try print("for<")
            for index in 0..<count {
                if index > 0 { try print(", ") }
                boundLifetimeCount += 1
                try printLifetime(1)
            }
            try print("> ")
        }
        try body(&self)
        boundLifetimeCount -= count
    }

    /// `index`: 0 is erased, 1 the innermost bound one.
    private mutating func printLifetime(_ index: UInt64) throws(RustV0Malformed) {
        guard !isSilent else { return }
        guard index > 0 else { return try print("'_") }
        guard let index = Int(exactly: index), index <= boundLifetimeCount else { throw RustV0Malformed() }
        let depth = boundLifetimeCount - index
        try print(depth < 26 ? "'" + String(Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8(depth)))) : "'_\(depth)")
    }

    private static let basicTypes: [UInt8: String] = [
        UInt8(ascii: "a"): "i8", UInt8(ascii: "b"): "bool", UInt8(ascii: "c"): "char", UInt8(ascii: "d"): "f64",
        UInt8(ascii: "e"): "str", UInt8(ascii: "f"): "f32", UInt8(ascii: "h"): "u8", UInt8(ascii: "i"): "isize",
        UInt8(ascii: "j"): "usize", UInt8(ascii: "l"): "i32", UInt8(ascii: "m"): "u32", UInt8(ascii: "n"): "i128",
        UInt8(ascii: "o"): "u128", UInt8(ascii: "p"): "_", UInt8(ascii: "s"): "i16", UInt8(ascii: "t"): "u16",
        UInt8(ascii: "u"): "()", UInt8(ascii: "v"): "...", UInt8(ascii: "x"): "i64", UInt8(ascii: "y"): "u64",
        UInt8(ascii: "z"): "!",
    ]
}
