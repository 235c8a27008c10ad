/// The service's configuration at set-up: options in named groups.
public struct ConfigurationSnapshot: Sendable, Equatable {
    public struct Option: Sendable, Equatable {
        public var key: String
        public var value: String
        /// A secret is printed as `***`, in every format.
        public var isSecret: Bool
        /// Where the value came from, in words: `environment variables`; nil where unknown.
        public var provider: String?

        public init(key: String, value: String, isSecret: Bool = false, provider: String? = nil) {
            self.key = key
            self.value = value
            self.isSecret = isSecret
            self.provider = provider
        }

        /// What a report may show: the value, or `***` for a secret.
        public var shownValue: String { isSecret ? "***" : value }
    }

    public struct Group: Sendable, Equatable {
        public var name: String
        public var options: [Option]

        public init(name: String, options: [Option]) {
            self.name = name
            self.options = options
        }
    }

    public var groups: [Group]

    public init(groups: [Group] = []) {
        self.groups = groups
    }
}
