/// Which keys name secrets: `dbPassword`, `AWS_SECRET_ACCESS_KEY`, `api-key`, `sql_connection`.
///
/// A key is read as words, split at punctuation, at digits and where lower case turns to upper. It is secret where
/// - one of its words is, or ends with, `password`, `passwd`, `passphrase`, `secret`, `token` or the like,
/// - or its last word is `key`, `auth`, `connection`, `cookie` or the like; not `public_key`, `primary_key`…
///
/// but not where its last word says that the value only tells of a secret: `token_ttl`, `password_file`.
public struct SecretKeys: Sendable, Equatable {
    /// Words beside those that are known, in lower case.
    private let extraWords: Set<String>

    /// - Parameter extraWords: Further words that make a key secret wherever they stand in it, in either case.
    public init(extraWords: [String] = []) {
        self.extraWords = Set(extraWords.map { $0.lowercased() })
    }

    /// Whether a value under this key is a secret.
    public func contains(_ key: some StringProtocol) -> Bool {
        let words = Self.words(of: key)
        guard let last = words.last, !Self.harmlessLastWords.contains(last) else { return false }
        if words.contains(where: isSecretAnywhere) { return true }
        if !extraWords.isEmpty, extraWords.contains(key.lowercased()) { return true }
        guard Self.lastWords.contains(last) else { return false }
        return words.count < 2 || !Self.harmlessBeforeKey.contains(words[words.count - 2]) || last != "key"
    }

    /// The same by the words alone that are rare in prose.
    func containsUnmistakably(_ key: some StringProtocol) -> Bool {
        guard contains(key), let last = Self.words(of: key).last else { return false }
        return last == "authorization" || last == "cookie" || Self.words(of: key).contains(where: isSecretAnywhere)
    }

    private func isSecretAnywhere(_ word: String) -> Bool {
        extraWords.contains(word) || Self.anywhere.contains { word.hasSuffix($0) }
    }

    /// As endings, because many keys are written without a break: `pgpassword`, `authtokens`.
    private static let anywhere = [
        "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "tokens",
        "credential", "credentials", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "signingkey",
    ]
    private static let lastWords: Set<String> = [
        "pass", "key", "keys", "auth", "authorization", "bearer", "cookie", "cookies", "connection", "dsn", "creds",
        "salt",
    ]
    private static let harmlessBeforeKey: Set<String> = [
        "public", "primary", "foreign", "sort", "partition", "unique", "routing", "hash", "index",
    ]
    private static let harmlessLastWords: Set<String> = [
        "count", "size", "length", "limit", "ttl", "timeout", "expiry", "expires", "expiration", "age", "interval",
        "enabled", "disabled", "file", "path", "dir", "directory", "type", "policy", "algorithm", "endpoint", "issuer",
    ]

    /// `["db", "password"]` for `dbPassword`, `DB_PASSWORD`, `db.password2`.
    static func words(of key: some StringProtocol) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        func end() {
            if !word.isEmpty { words.append(word.lowercased()) }
            word = ""
        }
        let characters = Array(key)
        for (index, character) in characters.enumerated() {
            guard character.isLetter else {
                end()
                wasLower = false
                continue
            }
            // `APIKey`: the last capital of a run begins the word, if it goes on in lower case.
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            if character.isUppercase, wasLower || next?.isLowercase == true { end() }
            word.append(character)
            wasLower = character.isLowercase
        }
        end()
        return words
    }
}
