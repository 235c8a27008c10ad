/// Puts `***` in the place of secrets: known ones wherever they stand, and what looks like one by its key, its place in
/// a URL, or the word `Bearer` before it.
///
/// Known secrets of fewer than 4 bytes, and values such as `true` or `localhost`, are masked where their key says so,
/// but not searched for.
public struct SecretMasker: Sendable {
    /// What is printed in the place of a secret.
    public static let mask = "***"

    public let keys: SecretKeys
    private let known: KnownSecrets

    /// - Parameter progress: Called with each secret: of many it takes a while to get ready for all their spellings.
    public init(knownSecrets: [String], keys: SecretKeys = SecretKeys(), progress: () -> Void = {}) {
        self.keys = keys
        known = KnownSecrets(knownSecrets, progress: progress)
    }

    // MARK: Text

    /// Any text a report prints.
    public func masked(_ text: String) -> String {
        replace(in: text) { bytes in
            known.ranges(in: bytes) + URLCredentials.ranges(in: bytes)
                + SecretAssignments(in: bytes, keys: keys).ranges()
        }
    }

    /// Whether a number, as it is printed, has a known secret in it.
    func isKnown(_ number: String) -> Bool { !known.ranges(in: Array(number.utf8)).isEmpty }

    /// A line of a program, a name or a path: `token = next()` is no secret there.
    func maskedCode(_ text: String) -> String {
        replace(in: text) { bytes in
            known.ranges(in: bytes) + URLCredentials.ranges(in: bytes)
                + SecretAssignments(in: bytes, keys: keys).literals()
        }
    }

    /// Text that the kernel or a report cut after `byteCount` bytes, perhaps in the middle of a secret.
    func masked(_ text: String, cutAt byteCount: Int) -> String {
        let whole = masked(text)
        guard text.utf8.count >= byteCount else { return whole }
        let bytes = Self.withoutCutCharacter(Array(whole.utf8))
        guard let length = known.cutLength(atEndOf: bytes) else { return whole }
        return String(decoding: bytes.dropLast(length), as: UTF8.self) + Self.mask
    }

    /// A character that was cut in two has been read as U+FFFD, or as `\xc3` for each byte of it.
    private static func withoutCutCharacter(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while true {
            if bytes.suffix(3).elementsEqual("\u{FFFD}".utf8) {
                bytes.removeLast(3)
            } else if bytes.count >= 4, bytes.suffix(4).starts(with: "\\x".utf8) {
                bytes.removeLast(4)
            } else {
                return bytes
            }
        }
    }

    /// The value of a key.
    public func masked(_ value: String, forKey key: String) -> String {
        keys.contains(key) ? Self.mask : masked(value)
    }

    private func replace(in text: String, find: ([UInt8]) -> [Range<Int>]) -> String {
        let bytes = Array(text.utf8)
        let ranges = find(bytes)
        guard !ranges.isEmpty else { return text }
        var result: [UInt8] = []
        var end = 0
        var isMasked = false
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if !isMasked || range.lowerBound > end {
                result += bytes[end..<range.lowerBound]
                result += Array(Self.mask.utf8)
                isMasked = true
            }
            end = max(end, range.upperBound)
        }
        result += bytes[end...]
        return String(decoding: result, as: UTF8.self)
    }

    // MARK: Arguments

    /// Each argument, and the one behind an option that takes a secret: `--password X`.
    public func masked(arguments: [String]) -> [String] {
        var isSecret = false
        return arguments.map { argument in
            let isValue = isSecret && !Self.isOption(argument)
            isSecret = !isValue && isSecretOption(argument)
            if isValue { return Self.mask }
            guard let sign = secretSign(in: argument) else { return masked(argument) }
            return masked(String(argument[..<sign])) + "=" + Self.mask
        }
    }

    /// The same where they are one text already: what belongs to a secret option may have blanks in it, so that all is
    /// masked up to the next option.
    func maskedCommand(_ command: String) -> String {
        let parts = command.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        var result: [String] = []
        var isSecret = false
        for part in parts {
            if isSecret && !Self.isOption(part) {
                if result.last?.hasSuffix(Self.mask) != true { result.append(Self.mask) }
                continue
            }
            isSecret = isSecretOption(part)
            if let sign = secretSign(in: part) {
                result.append(part[...sign] + Self.mask)
                isSecret = true
            } else {
                result.append(part)
            }
        }
        return masked(result.joined(separator: " "))
    }

    /// `--verbose` or `-v`; `-hunter2` may be a secret that begins with a hyphen.
    private static func isOption(_ argument: String) -> Bool {
        argument.hasPrefix("--") || argument.hasPrefix("-") && argument.utf8.count == 2
    }

    private func isSecretOption(_ argument: String) -> Bool {
        argument.hasPrefix("-") && !argument.contains("=") && isSecretName(argument[...])
    }

    /// Of `--set=db.password=X` the second: all behind it is the secret.
    private func secretSign(in argument: String) -> String.Index? {
        argument.indices.first { sign in
            guard argument[sign] == "=" else { return false }
            let before = argument[..<sign]
            let name = before.lastIndex { $0 == "=" || $0 == "," }.map { before[before.index(after: $0)...] } ?? before
            return isSecretName(name)
        }
    }

    /// `--db-password`, `PGPASSWORD`; no URL and no sentence.
    private func isSecretName(_ name: Substring) -> Bool {
        name.utf8.allSatisfy(ASCII.isOfKey) && keys.contains(name)
    }
}
