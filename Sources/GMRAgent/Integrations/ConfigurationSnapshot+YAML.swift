#if YAML
    public import GMRCore
    import Yams

    extension ConfigurationSnapshot {
        /// The configuration that a YAML or JSON text holds: its top-level mappings are groups, deeper ones dotted keys.
        /// - Throws: `YamlError` with line and column where it is no YAML.
        public init(yaml text: String) throws {
            self.init(try Yams.compose(yaml: text).map(Self.model) ?? .keyValue([]))
        }

        private static func model(_ node: Node) -> SectionModel {
            switch node {
            case .scalar(let scalar): .text(scalar.string)
            case .sequence(let sequence): .list(sequence.map(model))
            case .mapping(let mapping):
                .keyValue(mapping.map { (key: $0.key.string ?? "", value: model($0.value)) })
            case .alias: .null
            }
        }
    }
#endif
