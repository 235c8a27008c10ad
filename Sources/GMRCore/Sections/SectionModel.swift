/// What a section says: a tree of values that every format can show.
///
/// ```swift
/// gmr.registerSection("Connection pool") {
///     ["size": 8, "waiting": 31, "hosts": ["db-1", "db-2"]]
/// }
/// ```
/// A value that is `Encodable` can be shown as it is: `init(encoding:)`.
public indirect enum SectionModel: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case text(String)
    case list([SectionModel])
    /// Nested key–value. Text prints the keys sorted, JSON and XML in the given order.
    case keyValue([(key: String, value: SectionModel)])
    case table(columns: [String], rows: [[String]])

    public static func == (left: SectionModel, right: SectionModel) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.text(let a), .text(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.keyValue(let a), .keyValue(let b)): a.elementsEqual(b, by: ==)
        case (.table(let columnsA, let rowsA), .table(let columnsB, let rowsB)): columnsA == columnsB && rowsA == rowsB
        default: false
        }
    }
}

extension SectionModel: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: SectionModel...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, SectionModel)...) {
        self = .keyValue(elements.map { (key: $0.0, value: $0.1) })
    }
}

/// A registered section as the report shows it.
public struct Section: Sendable, Equatable {
    public var title: String
    public var data: SectionModel
    /// Why there is no data: the generator threw, or did not finish in time.
    public var error: String?

    public init(title: String, data: SectionModel = .null, error: String? = nil) {
        self.title = title
        self.data = data
        self.error = error
    }
}
