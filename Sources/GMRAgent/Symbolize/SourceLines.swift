/// Lines of source files, where the files are on this machine.
struct SourceLines {
    private static let fileLimit = 8 << 20
    private var filesByPath: [String: [Substring]] = [:]

    /// The line without the white space around it; nil where the file or the line is not there.
    /// - Parameter line: 1-based.
    mutating func line(_ line: Int, of path: String) -> String? {
        let lines = filesByPath[path] ?? Self.read(path)
        filesByPath[path] = lines
        guard lines.indices.contains(line - 1) else { return nil }
        var text = lines[line - 1]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? nil : String(text)
    }

    private static func read(_ path: String) -> [Substring] {
        guard path.hasPrefix("/"), let text = ProcFile.text(path, limit: fileLimit) else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
