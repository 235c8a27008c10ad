import CGMRPreload
import GMRAgent
import Glibc

/// `gmr_generator_t *`; the type of that name is none of a function pointer.
public typealias NativeGenerator = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32

/// What a C generator fills, a value at a time: `gmr_section_t`.
final class SectionWriter {
    private struct Level {
        var key: String
        var isList: Bool
        var entries: [(key: String, value: SectionModel)] = []

        var model: SectionModel { isList ? .list(entries.map(\.value)) : .keyValue(entries) }
    }

    private var levels = [Level(key: "", isList: false)]
    private static let largestDepth = 64

    func add(_ value: SectionModel, key: UnsafePointer<CChar>?) -> Int32 {
        guard let key = name(key) else { return -EINVAL }
        levels[levels.count - 1].entries.append((key, value))
        return 0
    }

    func begin(key: UnsafePointer<CChar>?, isList: Bool) -> Int32 {
        guard levels.count <= Self.largestDepth else { return -E2BIG }
        guard let key = name(key) else { return -EINVAL }
        levels.append(Level(key: key, isList: isList))
        return 0
    }

    func end() -> Int32 {
        guard levels.count > 1, let inner = levels.popLast() else { return -EINVAL }
        levels[levels.count - 1].entries.append((inner.key, inner.model))
        return 0
    }

    /// Everything; what is open is closed.
    func finish() -> SectionModel {
        while end() == 0 {}
        return levels[0].model
    }

    private func name(_ key: UnsafePointer<CChar>?) -> String? {
        levels[levels.count - 1].isList ? "" : key.map { String(cString: $0) }
    }

    /// The writer behind the pointer that a generator was given.
    static func of(_ section: OpaquePointer?) -> SectionWriter? {
        section.map { Unmanaged<SectionWriter>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    /// What a generator makes.
    /// - Throws: `GeneratorFailure` where it returns something else than 0.
    static func run(_ generator: NativeGenerator, context: UnsafeMutableRawPointer?) throws -> SectionModel {
        let writer = SectionWriter()
        let status = withExtendedLifetime(writer) {
            generator(OpaquePointer(Unmanaged.passUnretained(writer).toOpaque()), context)
        }
        if status != 0 { throw GeneratorFailure(status: status) }
        return writer.finish()
    }
}

/// What a C generator returned.
struct GeneratorFailure: Error, CustomStringConvertible {
    var status: Int32

    var description: String {
        guard status < 0, let text = strerror(-status) else { return "status \(status)" }
        return String(cString: text)
    }
}

@_cdecl("gmr_add_text")
public func addText(section: OpaquePointer?, key: UnsafePointer<CChar>?, value: UnsafePointer<CChar>?) -> Int32 {
    let model = value.map { SectionModel.text(String(cString: $0)) } ?? .null
    return SectionWriter.of(section)?.add(model, key: key) ?? -EINVAL
}

@_cdecl("gmr_add_integer")
public func addInteger(section: OpaquePointer?, key: UnsafePointer<CChar>?, value: Int64) -> Int32 {
    SectionWriter.of(section)?.add(.integer(value), key: key) ?? -EINVAL
}

@_cdecl("gmr_add_number")
public func addNumber(section: OpaquePointer?, key: UnsafePointer<CChar>?, value: Double) -> Int32 {
    SectionWriter.of(section)?.add(.double(value), key: key) ?? -EINVAL
}

@_cdecl("gmr_add_bool")
public func addBool(section: OpaquePointer?, key: UnsafePointer<CChar>?, value: Int32) -> Int32 {
    SectionWriter.of(section)?.add(.bool(value != 0), key: key) ?? -EINVAL
}

@_cdecl("gmr_begin_group")
public func beginGroup(section: OpaquePointer?, key: UnsafePointer<CChar>?) -> Int32 {
    SectionWriter.of(section)?.begin(key: key, isList: false) ?? -EINVAL
}

@_cdecl("gmr_begin_list")
public func beginList(section: OpaquePointer?, key: UnsafePointer<CChar>?) -> Int32 {
    SectionWriter.of(section)?.begin(key: key, isList: true) ?? -EINVAL
}

@_cdecl("gmr_end")
public func endGroup(section: OpaquePointer?) -> Int32 {
    SectionWriter.of(section)?.end() ?? -EINVAL
}
