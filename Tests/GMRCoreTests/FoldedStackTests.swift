import Testing

@testable import GMRCore

@Suite struct FoldedStackTests {
    @Test(arguments: [
        ("abc", "abc"),
        ("maaaaaaaaaaaz", "maaaaaaaaaaaz"),
        ("maaaaaaaaaaaaz", "ma[1x11]z"),
        ("m" + String(repeating: "ab", count: 20) + "az", "mab[2x19]az"),
        ("m" + String(repeating: "abc", count: 513) + "z", "mabc[3x512]z"),
        ("m" + String(repeating: "aabc", count: 100), "maabc[4x99]"),
        ("m" + String(repeating: "abcde", count: 100), "m" + String(repeating: "abcde", count: 100)),
        (String(repeating: "a", count: 100) + String(repeating: "b", count: 100), "a[1x99]b[1x99]"),
        ("", ""),
    ])
    func turnsOfARecursion(stack: String, expected: String) {
        let places = stack.map { String($0) }
        let folded = FoldedStack.parts(of: places).map { part in
            switch part {
            case .frame(let index): places[index]
            case .repetition(let period, let count): "[\(period)x\(count)]"
            }
        }
        #expect(folded.joined() == expected)
    }

    @Test func foldingIsInWords() {
        var text = ""
        let cycle = ["even", "odd"].map { Frame(address: 1, function: $0, file: "parity.swift", line: 1) }
        TextRenderer.writeFrames((0..<50).flatMap { _ in cycle }, to: &text)
        #expect(
            text == """

                parity.swift:1 in even
                    (source not found)

                parity.swift:1 in odd
                    (source not found)

                … the 2 frames above, repeated 49 times more …

                """)
    }
}
