/// The place of an element in a list, or the key `super`.
struct SectionKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    static let superclass = SectionKey(stringValue: "super")

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(index: Int) {
        stringValue = "Index \(index)"
        intValue = index
    }

    init(intValue: Int) {
        self.init(index: intValue)
    }
}
