import Foundation

/// A fresh temporary directory with compilers at hand; it goes with the object.
final class Workshop {
    let directory: String

    init() throws {
        // Resolved, because compilers write the real path into DWARF.
        let template = NSTemporaryDirectory() + "gmr-symbolize-XXXXXX"
        var bytes = Array(template.utf8CString)
        guard mkdtemp(&bytes) != nil else { throw Failure(what: "mkdtemp: errno \(errno)") }
        let made = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        directory = URL(fileURLWithPath: made).resolvingSymlinksInPath().path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    struct Failure: Error {
        var what: String
    }

    func path(_ name: String) -> String {
        directory + "/" + name
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        return path(name)
    }

    /// Runs a shell line in the directory and returns its output; throws with stderr if it fails.
    @discardableResult
    func run(_ line: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec 2>stderr.txt; " + line]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                what: line + ": " + ((try? String(contentsOfFile: path("stderr.txt"), encoding: .utf8)) ?? ""))
        }
        return String(decoding: data, as: UTF8.self)
    }

    static func hasTool(_ name: String) -> Bool {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        return directories.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + name) }
    }

    /// Addresses of all instructions of `executable`, or of the functions named.
    func instructions(_ executable: String, of functions: [String] = []) throws -> [UInt64] {
        let selected = functions.isEmpty ? [""] : functions.map { "--disassemble='\($0)'" }
        var addresses: Set<UInt64> = []
        for selection in selected {
            for line in try run("objdump -d -j .text --no-show-raw-insn \(selection) \(executable)").split(
                separator: "\n")
            {
                guard line.first == " ", let colon = line.firstIndex(of: ":") else { continue }
                if let address = UInt64(line[..<colon].drop { $0 == " " }, radix: 16) { addresses.insert(address) }
            }
        }
        return addresses.sorted()
    }

    func symbolAddress(_ name: String, in executable: String) throws -> UInt64 {
        for line in try run("nm \(executable)").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 3, fields[2] == name, let address = UInt64(fields[0], radix: 16) { return address }
        }
        throw Failure(what: "no symbol \(name)")
    }

    func buildID(_ executable: String) throws -> [UInt8] {
        let text = try run("readelf -n \(executable)")
        guard let found = text.range(of: "Build ID: ") else { return [] }
        let hex = Array(text[found.upperBound...].prefix { $0.isHexDigit })
        return stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0...($0 + 1)]), radix: 16) }
    }
}
