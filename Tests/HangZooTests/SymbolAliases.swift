import Foundation
import ProcessKit

/// Knows which names are the same function.
protocol AliasSource {
    func areAliases(_ first: String?, _ second: String?, in module: String?) -> Bool
}

/// Reads the symbol tables of modules with readelf, of the module itself and of its separate debug file.
final class ELFAliases: AliasSource {
    private var values: [String: [String: Set<String>]] = [:]

    func areAliases(_ first: String?, _ second: String?, in module: String?) -> Bool {
        guard let first, let second, let module else { return false }
        let table = symbols(of: module)
        guard let left = table[first], let right = table[second] else { return false }
        return !left.isDisjoint(with: right)
    }

    /// Values by name; a name without its version.
    private func symbols(of module: String) -> [String: Set<String>] {
        if let known = values[module] { return known }
        var table: [String: Set<String>] = [:]
        for file in [module, debugFile(of: module)].compactMap(\.self) {
            let text = (try? ToolRun.run("readelf", ["-sW", file]))?.text ?? ""
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ", omittingEmptySubsequences: true)
                guard words.count >= 8, words[3] == "FUNC" || words[3] == "IFUNC" || words[3] == "NOTYPE" else {
                    continue
                }
                table[String(words[7].prefix(while: { $0 != "@" })), default: []].insert(String(words[1]))
            }
        }
        values[module] = table
        return table
    }

    private func debugFile(of module: String) -> String? {
        guard let notes = try? ToolRun.run("readelf", ["-n", module]).text,
            let match = notes.firstMatch(of: /Build ID: ([0-9a-f]{2})([0-9a-f]+)/)
        else { return nil }
        let path = "/usr/lib/debug/.build-id/\(match.1)/\(match.2).debug"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
