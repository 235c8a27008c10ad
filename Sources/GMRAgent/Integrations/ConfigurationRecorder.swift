#if Configuration
    public import Configuration
    import GMRCore
    import Synchronization

    /// Remembers every value that a `ConfigReader` has returned, for the Configuration section: as it was last read,
    /// with the provider that had it, and whether it is a secret.
    ///
    /// ```swift
    /// let recorder = ConfigurationRecorder()
    /// let config = ConfigReader(provider: EnvironmentVariablesProvider(), accessReporter: recorder)
    /// let gmr = try GuruMeditation.setUpAutorun(package: "orders", reader: config, recorder: recorder)
    /// ```
    /// A key's first component is the group: `http.client.timeout` is `client.timeout` in `http`.
    public final class ConfigurationRecorder: AccessReporter {
        private struct State {
            var options: [AbsoluteConfigKey: ConfigurationSnapshot.Option] = [:]
            var onChange: (@Sendable (ConfigurationSnapshot) -> Void)?
        }

        private let state = Mutex(State())

        public init() {}

        /// What has been read so far, by group, in the order of the keys.
        public var snapshot: ConfigurationSnapshot {
            Self.snapshot(of: state.withLock { $0.options })
        }

        /// Takes over one access. One that found nothing, or failed, changes nothing.
        public func report(_ event: AccessEvent) {
            guard case .success(let value?) = event.result else { return }
            let key = event.metadata.key
            let provider = event.providerResults.first { result in
                if case .success(let found) = result.result { found.value != nil } else { false }
            }
            let option = ConfigurationSnapshot.Option(
                key: key.optionName, value: value.text, isSecret: value.isSecret,
                provider: event.conversionError == nil ? provider?.providerName ?? "default" : "default")
            state.withLock { state in
                guard state.options[key] != option else { return }
                state.options[key] = option
                // Under the lock, so that the last change is also the last one told of.
                state.onChange?(Self.snapshot(of: state.options))
            }
        }

        /// Calls the closure now and with each change; in the place of an earlier one.
        func observe(_ onChange: @escaping @Sendable (ConfigurationSnapshot) -> Void) {
            state.withLock { state in
                state.onChange = onChange
                onChange(Self.snapshot(of: state.options))
            }
        }

        private static func snapshot(
            of options: [AbsoluteConfigKey: ConfigurationSnapshot.Option]
        ) -> ConfigurationSnapshot {
            var snapshot = ConfigurationSnapshot()
            for (key, option) in options.sorted(by: { $0.key < $1.key }) {
                let name = key.groupName
                if let index = snapshot.groups.firstIndex(where: { $0.name == name }) {
                    snapshot.groups[index].options.append(option)
                } else {
                    snapshot.groups.append(.init(name: name, options: [option]))
                }
            }
            return snapshot
        }
    }

    extension AbsoluteConfigKey {
        fileprivate var groupName: String { components.count > 1 ? components[0] : "DEFAULT" }

        fileprivate var optionName: String {
            (components.count > 1 ? components.dropFirst() : components[...]).joined(separator: ".")
        }
    }

    extension ConfigValue {
        /// As a person would write it.
        fileprivate var text: String {
            switch content {
            case .string(let value): value
            case .int(let value): "\(value)"
            case .double(let value): "\(value)"
            case .bool(let value): "\(value)"
            // What nobody is shown is known by its bytes, wherever it turns up.
            case .bytes(let value): isSecret ? String(decoding: value, as: UTF8.self) : "\(value.count) bytes"
            case .stringArray(let values): values.joined(separator: ", ")
            case .intArray(let values): values.map { "\($0)" }.joined(separator: ", ")
            case .doubleArray(let values): values.map { "\($0)" }.joined(separator: ", ")
            case .boolArray(let values): values.map { "\($0)" }.joined(separator: ", ")
            case .byteChunkArray(let values): "\(values.count) chunks of bytes"
            }
        }
    }
#endif
