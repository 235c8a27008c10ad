import Foundation
import GMRCore
import Testing

@Suite struct JSONWriterTests {
    @Test func layout() {
        var writer = JSONWriter()
        writer.object { json in
            json.field("b", 1)
            json.field("a") {
                $0.array {
                    $0.string("x")
                    $0.null()
                }
            }
            json.field("none", nil as String?)
            json.field("small") {
                $0.object(inline: true) {
                    $0.field("yes", true)
                    $0.field("n", UInt64.max)
                }
            }
            json.field("empty") { $0.array { _ in } }
        }
        #expect(
            writer.text == """
                {
                  "b": 1,
                  "a": [
                    "x",
                    null
                  ],
                  "small": {"yes": true, "n": 18446744073709551615},
                  "empty": []
                }
                """)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1B}\u{7F}\u{9B}", #""\u0000\u001b\u007f\u009b""#), ("\u{2028}\u{202E}", #""\u2028\u202e""#),
        ("\u{E0001}", #""\udb40\udc01""#), ("naïve 漢字 👩‍👩‍👧", #""naïve 漢字 👩‍👩‍👧""#),
    ])
    func strings(value: String, expected: String) throws {
        var writer = JSONWriter()
        writer.string(value)
        #expect(writer.text == expected)
        let parsed = try JSONSerialization.jsonObject(with: Data(writer.text.utf8), options: .fragmentsAllowed)
        #expect((parsed as? String).map { Array($0.unicodeScalars) } == Array(value.unicodeScalars))
    }

    @Test(
        arguments: [
            (0.5, "0.5"), (-0.0, "-0.0"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"), (.infinity, #""inf""#),
            (-.infinity, #""-inf""#), (.nan, #""nan""#),
        ] as [(Double, String)])
    func doubles(value: Double, expected: String) throws {
        var writer = JSONWriter()
        writer.double(value)
        #expect(writer.text == expected)
        _ = try JSONSerialization.jsonObject(with: Data(writer.text.utf8), options: .fragmentsAllowed)
    }

    @Test func keysBecomeDistinct() {
        #expect(JSONWriter.distinctKeys(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"])
    }
}
