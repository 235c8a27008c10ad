/// Linker names of Rust functions to readable ones. Swift's own demangler knows legacy Rust names only.
///
/// Both schemes print what the `rustc-demangle` crate prints with `{:#}`: without crate hashes and literal suffixes.
/// The v0 grammar is RFC 2603: https://rust-lang.github.io/rfcs/2603-rust-symbol-name-mangling-v0.html
public enum RustDemangler {
    /// Longest result, in bytes. A v0 name may refer back to itself and so grow exponentially.
    static let outputLimit = 16 * 1024

    /// The readable form of a v0 (`_R…`) or legacy (`_ZN…17h<16 hex digits>E`) name; `nil` for anything else, and
    /// for what is malformed or too long.
    public static func demangle(_ symbol: String) -> String? {
        var bytes = Array(symbol.utf8)
        guard bytes.count > 3, bytes.count <= 8 * outputLimit, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return nil
        }
        dropThinLTOSuffix(&bytes)
        if bytes.starts(with: "_R".utf8) {
            return RustV0Printer.demangle(bytes.dropFirst(2))
        }
        if bytes.starts(with: "_ZN".utf8) {
            return RustLegacyName.demangle(bytes.dropFirst(3))
        }
        return nil
    }

    /// ".llvm.1A2B": LLVM's mark on a local function that it made visible to other units.
    private static func dropThinLTOSuffix(_ bytes: inout [UInt8]) {
        let mark = Array(".llvm.".utf8)
        guard bytes.count > mark.count else { return }
        for start in 0..<(bytes.count - mark.count) where bytes[start] == mark[0] {
            let end = start + mark.count
            guard bytes[start..<end].elementsEqual(mark) else { continue }
            let isHash = bytes[end...].allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "F")) || $0 == UInt8(ascii: "@")
            }
            if isHash { bytes.removeSubrange(start...) }
            return
        }
    }
}
