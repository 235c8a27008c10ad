/// Lines of source files, where the files are on this machine.
struct SourceLines {
    /// A file as bytes: as characters its lines would cost more than all other symbolizing.
    private struct File {
        var bytes: [UInt8] = []
        /// One for each line.
        var lineStarts: [Int] = []
    }

    private static let fileLimit = 8 << 20
    private var filesByPath: [String: File] = [:]

    /// The line without the white space around it; nil where the file or the line is not there.
    /// - Parameter line: 1-based.
    mutating func line(_ line: Int, of path: String) -> String? {
        if filesByPath[path] == nil { filesByPath[path] = Self.read(path) }
        guard let file = filesByPath[path], file.lineStarts.indices.contains(line - 1) else { return nil }
        var text = file.bytes[file.lineStarts[line - 1]...].prefix { $0 != UInt8(ascii: "\n") }
        while let first = text.first, Self.isBlank(first) { text.removeFirst() }
        while let last = text.last, Self.isBlank(last) { text.removeLast() }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    private static func read(_ path: String) -> File {
        guard path.hasPrefix("/"), let bytes = ProcFile.bytes(path, limit: fileLimit) else { return File() }
        var starts = [0]
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { starts.append(index + 1) }
        }
        return File(bytes: bytes, lineStarts: starts)
    }

    /// Space, and tab to carriage return.
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0d).contains(byte)
    }
}
