import GMRCore
import Testing

@Test func aStringLiteralNamesTheProduct() {
    let package: Package = "orders"
    #expect(package == Package(product: "orders"))
}
