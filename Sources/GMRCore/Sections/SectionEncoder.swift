/// Builds the `SectionModel` of one value. Containers that are asked of it, once or several times, all write to it;
/// it has the shape that was asked for last.
final class SectionEncoder: Encoder {
    private enum Shape { case none, single, list, keyValue }

    private enum Part {
        case complete(SectionModel)
        /// A nested container or an encoder for a superclass, which may be written to until the end.
        case open(SectionEncoder)
    }

    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private var shape = Shape.none
    /// The single value, the elements, or the values of the keys.
    private var parts: [Part] = []
    private var keys: [String] = []
    private var indices: [String: Int] = [:]
    /// How many lists and key–values there are around this value.
    private let depth: Int
    /// How many calls of `encode(to:)` are under way, those around this value included.
    private var callCount: Int

    /// Values that encode another one in their place, as optional and raw values do, add calls but no depth.
    /// So many calls took at most 196 KB of stack in a debug build; the thread of a section has 512 KB.
    private static let maximumCallCount = 4 * SectionModel.maximumDepth

    convenience init() {
        self.init(codingPath: [], depth: 0, callCount: 0)
    }

    private init(codingPath: [any CodingKey], depth: Int, callCount: Int) {
        self.codingPath = codingPath
        self.depth = depth
        self.callCount = callCount
    }

    var count: Int { parts.count }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        take(.keyValue)
        return KeyedEncodingContainer(SectionKeyedContainer(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        take(.list)
        return SectionUnkeyedContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SectionSingleValueContainer(encoder: self)
    }

    private func take(_ shape: Shape) {
        guard self.shape != shape else { return }
        self.shape = shape
        parts = []
        keys = []
        indices = [:]
    }

    /// What has been encoded. Throws where a container nests too deep.
    func model() throws -> SectionModel {
        guard depth < SectionModel.maximumDepth else { throw tooDeep(self) }
        let models = try parts.map { part in
            switch part {
            case .complete(let model): model
            case .open(let encoder): try encoder.model()
            }
        }
        return switch shape {
        case .none: .keyValue([])
        case .single: models[0]
        case .list: .list(models)
        case .keyValue: .keyValue(zip(keys, models).map { (key: $0, value: $1) })
        }
    }

    // MARK: This value

    func store(_ model: SectionModel) throws {
        guard depth < SectionModel.maximumDepth else { throw tooDeep(model) }
        take(.single)
        parts = [.complete(model)]
    }

    /// Lets a value encode itself here.
    func encode(_ value: some Encodable) throws {
        guard depth < SectionModel.maximumDepth, callCount < Self.maximumCallCount else { throw tooDeep(value) }
        callCount += 1
        defer { callCount -= 1 }
        try value.encode(to: self)
    }

    private func tooDeep(_ value: Any) -> EncodingError {
        let description =
            "values nest more than \(SectionModel.maximumDepth) deep, which is all that a section shows: "
            + "encode less of them, and nothing that refers to itself"
        // The type stands for the value: printing one that nests deep would bury the reason.
        return .invalidValue(type(of: value), .init(codingPath: codingPath, debugDescription: description))
    }

    // MARK: Values inside this one

    /// `key` is nil for an element of a list.
    func store(_ model: SectionModel, at key: (any CodingKey)?) throws {
        guard depth + 1 < SectionModel.maximumDepth else { throw inner(at: key).tooDeep(model) }
        put(.complete(model), at: key)
    }

    func encode(_ value: some Encodable, at key: (any CodingKey)?) throws {
        let inner = inner(at: key)
        try inner.encode(value)
        put(.complete(try inner.model()), at: key)
    }

    /// The encoder behind a nested container; the same one again for the same key.
    func open(at key: (any CodingKey)?) -> SectionEncoder {
        // Containers can nest without end where nothing throws: they go no deeper than where `model` refuses them.
        guard depth < SectionModel.maximumDepth else { return self }
        if let key, let index = indices[key.stringValue], case .open(let encoder) = parts[index] { return encoder }
        let inner = inner(at: key)
        put(.open(inner), at: key)
        return inner
    }

    private func inner(at key: (any CodingKey)?) -> SectionEncoder {
        SectionEncoder(
            codingPath: codingPath + [key ?? SectionKey(index: parts.count)], depth: depth + 1, callCount: callCount)
    }

    private func put(_ part: Part, at key: (any CodingKey)?) {
        if let key, let index = indices[key.stringValue] {
            parts[index] = part
            return
        }
        if let key {
            indices[key.stringValue] = parts.count
            keys.append(key.stringValue)
        }
        parts.append(part)
    }
}
