/// Which keys name secrets: `dbPassword`, `AWS_SECRET_ACCESS_KEY`, `api-key`, `sql_connection`.
///
/// A key is read as words, split at punctuation, at digits and where lower case turns to upper. It is secret where
/// - one of its words, or two of them written as one, is or ends with `password`, `secret`, `token`, `apikey`…,
/// - or its last word is `key`, `auth`, `connection`, `cookie` or the like; not `public_key`, `primary_key`…
///
/// but not where its last word says that the value only tells of a secret: `token_ttl`, `password_file`.
public struct SecretKeys: Sendable, Equatable {
    /// Words beside those that are known, or several that follow one another.
    private let extraWords: [[String]]

    /// - Parameter extraWords: Further words that make a key secret wherever they stand in it, written in any way:
    ///   `card_number` is also `customerCardNumber`.
    public init(extraWords: [String] = []) {
        self.extraWords = extraWords.map { Self.words(of: $0) }.filter { !$0.isEmpty }
    }

    /// Whether a value under this key is a secret.
    public func contains(_ key: some StringProtocol) -> Bool {
        strength(of: Self.words(of: key)) != nil
    }

    /// How much a key says of its value.
    enum Strength {
        /// `key`, `connection`: also a key that is pressed, a connection that is closed.
        case likely
        case certain
    }

    /// Nil for a key that names no secret.
    func strength(of words: [String]) -> Strength? {
        if extraWords.contains(where: { Self.has($0, in: words) }) { return .certain }
        guard let last = words.last, words.first != "no", !Self.harmlessLastWords.contains(last) else { return nil }
        let pairs = zip(words, words.dropFirst()).map { $0 + $1 }
        if (words + pairs).contains(where: Self.isSecretAnywhere) { return .certain }
        guard Self.lastWords.contains(last) || Self.isShortForPassword(last) else { return nil }
        let isHarmless =
            words.count > 1 && last.hasPrefix("key") && Self.harmlessBeforeKey.contains(words[words.count - 2])
        return isHarmless ? nil : .likely
    }

    /// The same by what is rare in prose: some words, and two or more in one, such as `X-Api-Key`.
    func containsUnmistakably(_ key: some StringProtocol) -> Bool {
        let words = Self.words(of: key)
        guard let strength = strength(of: words) else { return false }
        return strength == .certain || words.count > 1 || ["authorization", "cookie", "cookies"].contains(words[0])
    }

    /// Whether all that a group of options has is secret: `secrets`, `service_credentials`. A group that is called
    /// after one secret, such as `keystone_authtoken`, also says where it is to be had.
    func containsAll(ofGroup name: some StringProtocol) -> Bool {
        let words = Self.words(of: name)
        return words.last.map(Self.lastWordsOfGroups.contains) ?? false
            || extraWords.contains { words.suffix($0.count) == $0[...] }
    }

    // MARK: Words

    private static func has(_ part: [String], in words: [String]) -> Bool {
        words.indices.contains { words[$0...].starts(with: part) }
    }

    private static func isSecretAnywhere(_ word: String) -> Bool {
        anywhere.contains { word.utf8.count >= $0.utf8.count && word.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    /// `dbpass`, but not `bypass`.
    private static func isShortForPassword(_ word: String) -> Bool {
        word.hasSuffix("pass")
            && !["bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass"].contains(word)
    }

    /// As endings, because many keys are written without a break: `pgpassword`, `authtokens`.
    private static let anywhere = [
        "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "tokens",
        "credential", "credentials", "apikey", "apikeys", "accesskey", "secretkey", "privatekey", "authkey",
        "signingkey", "masterkey", "encryptionkey", "sshkey", "connectionstring",
    ]
    private static let lastWords: Set<String> = [
        "key", "keys", "auth", "authorization", "bearer", "cookie", "cookies", "connection", "dsn", "creds", "salt",
        "jwt",
    ]
    private static let lastWordsOfGroups: Set<String> = [
        "secret", "secrets", "password", "passwords", "tokens", "credentials", "creds", "keys", "apikeys",
    ]
    private static let harmlessBeforeKey: Set<String> = [
        "public", "primary", "foreign", "sort", "partition", "unique", "routing", "hash", "index",
    ]
    private static let harmlessLastWords: Set<String> = [
        "count", "size", "length", "limit", "ttl", "timeout", "expiry", "expires", "expiration", "age", "interval",
        "enabled", "disabled", "file", "path", "dir", "directory", "type", "policy", "algorithm", "endpoint", "issuer",
        "stdin", "so",
    ]

    /// `["db", "password"]` for `dbPassword`, `DB_PASSWORD`, `db.password2` and `-Ddb.password`.
    static func words(of key: some StringProtocol) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var wasLower = false
        func end() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self).lowercased()) }
            word.removeAll(keepingCapacity: true)
        }
        let bytes = Array(key.utf8)
        for index in bytes.indices.dropFirst(bytes.starts(with: "-D".utf8) ? 2 : 0) {
            guard ASCII.isLetter(bytes[index]) else {
                end()
                wasLower = false
                continue
            }
            // `APIKey`: the last capital of a run begins the word, if it goes on in lower case.
            let isNextLower = index + 1 < bytes.count && ASCII.isLowercase(bytes[index + 1])
            let isLower = ASCII.isLowercase(bytes[index])
            if !isLower, wasLower || isNextLower { end() }
            word.append(bytes[index])
            wasLower = isLower
        }
        end()
        return words
    }
}
