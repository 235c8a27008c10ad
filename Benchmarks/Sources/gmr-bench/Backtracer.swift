import Glibc

/// Swift's own backtracer, which comes with the toolchain that this program was built with.
enum Backtracer {
    /// `…/libexec/swift/linux/swift-backtrace` beside the `…/lib/swift/linux/libswiftCore.so` in this process; nil where
    /// there is none.
    static let path: String? = {
        guard let maps = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(maps) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), maps) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasSuffix("/lib/swift/linux/libswiftCore.so"), let start = text.firstIndex(of: "/") else {
                continue
            }
            let root = text[start...].dropLast("/lib/swift/linux/libswiftCore.so".count)
            let path = root + "/libexec/swift/linux/swift-backtrace"
            return access(String(path), X_OK) == 0 ? String(path) : nil
        }
        return nil
    }()
}
