import GMRCore
import Glibc

/// Linker names to what people read: Swift in its simplified form, C++, Rust.
enum Demangler {
    /// Nil where the name is not mangled.
    static func demangle(_ symbol: String) -> String? {
        if let name = RustDemangler.demangle(symbol) { return name }
        let isSwift = ["$s", "$S", "_T0", "_$s", "_$S", "$e", "_$e"].contains { symbol.hasPrefix($0) }
        guard isSwift || symbol.hasPrefix("_Z") else { return nil }
        // A simplified name is mostly shorter than its mangled form; generics may take more.
        var capacity = max(symbol.utf8.count * 4, 1024)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard demangleForBacktrace(symbol, symbol.utf8.count, buffer.baseAddress!, &capacity) != nil else {
                return nil
            }
            buffer[buffer.count - 1] = 0
            let name = String(cString: buffer.baseAddress!)
            // Top-level code has no name in the simplified form.
            return name.hasSuffix(" in ") ? name + "top-level code" : name
        }
    }

    /// With the type's name as people write it: `terminate called after throwing an instance of 'St13runtime_error'`.
    /// - Parameter message: Any; one that does not begin so is left as it is.
    static func demangle(exceptionIn message: String) -> String {
        let opening = "terminate called after throwing an instance of '"
        // The demangler knows types only by what refers to them.
        let typeInformation = "typeinfo for "
        guard message.hasPrefix(opening) else { return message }
        let type = message.dropFirst(opening.count).prefix { $0 != "'" }
        guard let name = demangle("_ZTI" + type), name.hasPrefix(typeInformation) else { return message }
        return opening + name.dropFirst(typeInformation.count) + message[type.endIndex...]
    }
}

/// In libswiftCore, static and dynamic; Swift's own backtracer uses it (stdlib/public/runtime/Backtrace.cpp). Writes
/// at most `capacity` bytes with a final NUL into `buffer`, and the length of the result into `capacity`; nil where
/// it cannot be demangled. Also C++ and, in its legacy form, Rust.
@_silgen_name("_swift_backtrace_demangle")
private func demangleForBacktrace(
    _ symbol: UnsafePointer<CChar>, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>,
    _ capacity: UnsafeMutablePointer<Int>
) -> UnsafeMutablePointer<CChar>?
