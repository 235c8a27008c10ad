extension ConfigurationSnapshot {
    /// With the options marked as secret that their keys or their group give away.
    public func marked(by keys: SecretKeys) -> ConfigurationSnapshot {
        var snapshot = self
        snapshot.groups = groups.map { group in
            let isAllSecret = keys.containsAll(ofGroup: group.name)
            // `env.0.name = DB_PASSWORD` says it of `env.0.value`.
            let secretValues = Set(group.options.compactMap { $0.keyOfItsValue(naming: keys) })
            var group = group
            for (index, option) in group.options.enumerated() where !option.isSecret {
                let parents = option.key.split(separator: ".").dropLast()
                group.options[index].isSecret =
                    isAllSecret || keys.contains(option.key) || parents.contains(where: keys.containsAll)
                    || secretValues.contains(option.key.lowercased())
            }
            return group
        }
        return snapshot
    }

    /// What is to be masked wherever it turns up: the values of secret options, and secrets inside other values. A
    /// plain word or number is left out where a key such as `connection` or `auth` alone makes it a secret: `basic`, `close`.
    public func secrets(keys: SecretKeys) -> [String] { secrets(marked: marked(by: keys), keys: keys) }

    /// - Parameter marked: The same with all its secrets marked.
    public func secrets(marked: ConfigurationSnapshot, keys: SecretKeys) -> [String] {
        zip(groups, marked.groups).flatMap { group, marked in
            zip(group.options, marked.options).flatMap { option, marked -> [String] in
                let bytes = Array(option.value.utf8)
                let inside =
                    URLCredentials.ranges(in: bytes) + SecretAssignments(in: bytes, keys: keys).ranges()
                var secrets = inside.flatMap { range -> [String] in
                    let secret = bytes[range]
                    return [String(decoding: secret, as: UTF8.self), Self.percentDecoded(secret)]
                }
                guard marked.isSecret else { return secrets }
                let isOnlyLikely = !option.isSecret && keys.strength(of: SecretKeys.words(of: option.key)) == .likely
                if !(isOnlyLikely && Self.isPlain(bytes)) { secrets.append(option.value) }
                return secrets
            }
        }
    }

    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy(ASCII.isDigit) || bytes.allSatisfy { !ASCII.isDigit($0) && ASCII.isAlphanumeric($0) }
    }

    /// Without secrets.
    public func masked(by masker: SecretMasker) -> ConfigurationSnapshot {
        var snapshot = marked(by: masker.keys)
        for group in snapshot.groups.indices {
            snapshot.groups[group].name = masker.masked(snapshot.groups[group].name)
            for index in snapshot.groups[group].options.indices {
                let option = snapshot.groups[group].options[index]
                snapshot.groups[group].options[index].key = masker.masked(option.key)
                snapshot.groups[group].options[index].value =
                    option.isSecret ? SecretMasker.mask : masker.masked(option.value)
                snapshot.groups[group].options[index].provider = option.provider.map(masker.masked)
            }
        }
        return snapshot
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.first {
            let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let decoded = UInt8(digits, radix: 16) {
                result.append(decoded)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension ConfigurationSnapshot.Option {
    /// `env.0.value` for `env.0.name`, where what it names is a secret.
    fileprivate func keyOfItsValue(naming keys: SecretKeys) -> String? {
        guard let last = key.split(separator: ".").last, SectionModel.isNameKey(last), keys.contains(value) else {
            return nil
        }
        return key.dropLast(last.count).lowercased() + SectionModel.valueKey
    }
}
