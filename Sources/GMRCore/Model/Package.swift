/// The product that a report is about: the Package section. A string literal gives the product alone.
public struct Package: Sendable, Equatable, ExpressibleByStringLiteral {
    public var vendor: String?
    public var product: String
    public var version: String?

    public init(vendor: String? = nil, product: String, version: String? = nil) {
        self.vendor = vendor
        self.product = product
        self.version = version
    }

    public init(stringLiteral product: String) {
        self.init(product: product)
    }
}
