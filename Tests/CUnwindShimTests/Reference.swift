import Foundation

/// What binutils and LLVM say of the same addresses.
enum Reference {
    /// Needs `addr2line`; no columns.
    static func addr2line(_ workshop: Workshop, _ executable: String, _ addresses: [UInt64]) throws -> [[SourceFrame]] {
        try workshop.write("addresses.txt", addresses.map { String($0, radix: 16) }.joined(separator: "\n") + "\n")
        let output = try workshop.run("addr2line -f -i -a -e \(executable) < addresses.txt")
        var frames: [[SourceFrame]] = []
        var name: String?
        for line in output.split(separator: "\n").map(String.init) {
            if line.hasPrefix("0x") {
                frames.append([])
            } else if let function = name {
                var frame = position(line)
                frame.name = function == "??" ? nil : function
                frames[frames.count - 1].append(frame)
                name = nil
            } else {
                name = line
            }
        }
        return frames.map(markInlined)
    }

    /// "/a/b.c:12 (discriminator 3)"
    private static func position(_ text: String) -> SourceFrame {
        let place = text.components(separatedBy: " (discriminator").first ?? text
        guard let colon = place.lastIndex(of: ":") else { return SourceFrame() }
        let file = String(place[..<colon])
        return SourceFrame(file: file == "??" ? nil : file, line: UInt32(place[place.index(after: colon)...]) ?? 0)
    }

    static func hasLLVM() -> Bool { Workshop.hasTool("llvm-symbolizer") }

    private struct Answer: Decodable {
        struct Symbol: Decodable {
            var functionName: String
            var fileName: String
            var line: UInt32
            var column: UInt32

            enum CodingKeys: String, CodingKey {
                case functionName = "FunctionName"
                case fileName = "FileName"
                case line = "Line"
                case column = "Column"
            }
        }
        var symbols: [Symbol]?

        enum CodingKeys: String, CodingKey {
            case symbols = "Symbol"
        }
    }

    static func llvm(_ workshop: Workshop, _ executable: String, _ addresses: [UInt64]) throws -> [[SourceFrame]] {
        try workshop.write(
            "addresses.txt", addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n") + "\n")
        let output = try workshop.run(
            "llvm-symbolizer --obj=\(executable) --functions=linkage --inlines --no-demangle --output-style=JSON < addresses.txt"
        )
        return try output.split(separator: "\n").map { line in
            let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
            return markInlined(
                (answer.symbols ?? []).map {
                    SourceFrame(
                        name: $0.functionName.isEmpty ? nil : $0.functionName,
                        file: $0.fileName.isEmpty ? nil : $0.fileName, line: $0.line, column: $0.column)
                })
        }
    }

    private static func markInlined(_ frames: [SourceFrame]) -> [SourceFrame] {
        var frames = frames
        for index in frames.indices.dropLast() { frames[index].isInlined = true }
        return frames
    }
}

extension [SourceFrame] {
    /// What is comparable: LLVM guesses a file from the symbol table where there is no line, and keeps the column of line 0.
    var comparable: [SourceFrame] {
        map { frame in
            var frame = frame
            if frame.line == 0 { (frame.file, frame.column) = (nil, 0) }
            frame.file = frame.file.map { file in
                // LLVM writes "/<compiler-generated>".
                let last = file.split(separator: "/").last ?? ""
                return last.hasPrefix("<") ? String(last) : URL(fileURLWithPath: file).standardizedFileURL.path
            }
            return frame
        }
    }

    var withoutColumns: [SourceFrame] {
        map { frame in
            var frame = frame
            frame.column = 0
            return frame
        }
    }
}
