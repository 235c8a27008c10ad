extension ConfigurationSnapshot {
    /// With the options marked as secret that their keys give away.
    public func marked(by keys: SecretKeys) -> ConfigurationSnapshot {
        var snapshot = self
        for group in groups.indices {
            for option in groups[group].options.indices where keys.contains(groups[group].options[option].key) {
                snapshot.groups[group].options[option].isSecret = true
            }
        }
        return snapshot
    }

    /// The values of the options that are marked, and the credentials in URLs among all values.
    public var secrets: [String] {
        groups.flatMap { group in
            group.options.flatMap { option -> [String] in
                let bytes = Array(option.value.utf8)
                let passwords = URLCredentials.ranges(in: bytes).flatMap { range -> [String] in
                    let password = bytes[range]
                    return [String(decoding: password, as: UTF8.self), Self.percentDecoded(password)]
                }
                return (option.isSecret ? [option.value] : []) + passwords
            }
        }
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
