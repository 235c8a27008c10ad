// The generic function for integers does for all requirements but those for the integers of 128 bits: these have
// implementations of their own in the standard library, which throw.

/// The members of a key–value.
struct SectionKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SectionEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) throws { try encoder.store(.null, at: key) }
    func encode(_ value: Bool, forKey key: Key) throws { try encoder.store(.bool(value), at: key) }
    func encode(_ value: String, forKey key: Key) throws { try encoder.store(.text(value), at: key) }
    func encode(_ value: Double, forKey key: Key) throws { try encoder.store(.double(value), at: key) }
    func encode(_ value: Float, forKey key: Key) throws { try encoder.store(SectionModel(float: value), at: key) }
    func encode<Integer: FixedWidthInteger & Encodable>(_ value: Integer, forKey key: Key) throws {
        try encoder.store(SectionModel(integer: value), at: key)
    }
    func encode(_ value: Int128, forKey key: Key) throws { try encoder.store(SectionModel(integer: value), at: key) }
    func encode(_ value: UInt128, forKey key: Key) throws { try encoder.store(SectionModel(integer: value), at: key) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try encoder.encode(value, at: key) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder.open(at: key).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.open(at: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder.open(at: SectionKey.superclass) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder.open(at: key) }
}

/// The elements of a list.
struct SectionUnkeyedContainer: UnkeyedEncodingContainer {
    let encoder: SectionEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    func encodeNil() throws { try encoder.store(.null, at: nil) }
    func encode(_ value: Bool) throws { try encoder.store(.bool(value), at: nil) }
    func encode(_ value: String) throws { try encoder.store(.text(value), at: nil) }
    func encode(_ value: Double) throws { try encoder.store(.double(value), at: nil) }
    func encode(_ value: Float) throws { try encoder.store(SectionModel(float: value), at: nil) }
    func encode<Integer: FixedWidthInteger & Encodable>(_ value: Integer) throws {
        try encoder.store(SectionModel(integer: value), at: nil)
    }
    func encode(_ value: Int128) throws { try encoder.store(SectionModel(integer: value), at: nil) }
    func encode(_ value: UInt128) throws { try encoder.store(SectionModel(integer: value), at: nil) }
    func encode(_ value: some Encodable) throws { try encoder.encode(value, at: nil) }

    func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        encoder.open(at: nil).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.open(at: nil).unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder.open(at: nil) }
}

/// A value that is all of its encoder's.
struct SectionSingleValueContainer: SingleValueEncodingContainer {
    let encoder: SectionEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() throws { try encoder.store(.null) }
    func encode(_ value: Bool) throws { try encoder.store(.bool(value)) }
    func encode(_ value: String) throws { try encoder.store(.text(value)) }
    func encode(_ value: Double) throws { try encoder.store(.double(value)) }
    func encode(_ value: Float) throws { try encoder.store(SectionModel(float: value)) }
    func encode<Integer: FixedWidthInteger & Encodable>(_ value: Integer) throws {
        try encoder.store(SectionModel(integer: value))
    }
    func encode(_ value: Int128) throws { try encoder.store(SectionModel(integer: value)) }
    func encode(_ value: UInt128) throws { try encoder.store(SectionModel(integer: value)) }
    func encode(_ value: some Encodable) throws { try encoder.encode(value) }
}
