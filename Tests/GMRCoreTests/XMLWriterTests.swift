import GMRCore
import Testing

@Suite struct XMLWriterTests {
    @Test func layout() {
        var writer = XMLWriter()
        writer.object { xml in
            xml.field("b", 1)
            xml.field("a") {
                $0.array {
                    $0.string("x")
                    $0.null()
                    $0.object { $0.field("yes", true) }
                }
            }
            xml.field("none", nil as String?)
            xml.field("null") { $0.null() }
            xml.field("small") { $0.object(inline: true) { $0.field("n", UInt64.max) } }
            xml.field("empty") { $0.array { _ in } }
            xml.field("half") { $0.double(0.5) }
        }
        #expect(
            writer.text == """
                <model>
                  <b>1</b>
                  <a>
                    <item>x</item>
                    <item null="true"/>
                    <item>
                      <yes>true</yes>
                    </item>
                  </a>
                  <null null="true"/>
                  <small>
                    <n>18446744073709551615</n>
                  </small>
                  <empty/>
                  <half>0.5</half>
                </model>
                """)
    }

    @Test func oneValueIsTheModel() {
        var empty = XMLWriter()
        empty.object { _ in }
        #expect(empty.text == "<model/>")
        var number = XMLWriter()
        number.integer(-1)
        #expect(number.text == "<model>-1</model>")
    }

    @Test(arguments: [
        ("a-b_c.9", "<a-b_c.9>v</a-b_c.9>"), ("_", "<_>v</_>"), ("Xm", "<Xm>v</Xm>"),
        ("", #"<item key="">v</item>"#), ("two words", #"<item key="two words">v</item>"#),
        ("9a", #"<item key="9a">v</item>"#), ("-a", #"<item key="-a">v</item>"#), (".a", #"<item key=".a">v</item>"#),
        ("xml", #"<item key="xml">v</item>"#), ("XmLish", #"<item key="XmLish">v</item>"#),
        ("a:b", #"<item key="a:b">v</item>"#), ("größe", #"<item key="größe">v</item>"#),
        ("item", #"<item key="item">v</item>"#), ("items", "<items>v</items>"),
        ("\"'<&>\n\r\t", #"<item key="&quot;'&lt;&amp;&gt;&#10;&#13;&#9;">v</item>"#),
        ("\u{1B}\u{202E}", #"<item key="\x1b\u{202e}">v</item>"#),
    ])
    func keys(key: String, element: String) throws {
        var writer = XMLWriter()
        writer.object { $0.field(key, "v") }
        #expect(writer.text == "<model>\n  \(element)\n</model>")
    }

    @Test func aKeyIsUsedUp() {
        var writer = XMLWriter()
        writer.object { xml in
            xml.field("list") { $0.array { $0.string("x") } }
            xml.field("odd key") { $0.null() }
        }
        #expect(
            writer.text == """
                <model>
                  <list>
                    <item>x</item>
                  </list>
                  <item key="odd key" null="true"/>
                </model>
                """)
    }

    @Test(arguments: [
        ("plain", "<model>plain</model>"), ("", "<model/>"),
        ("a<b>&\"c\"]]>", "<model>a&lt;b&gt;&amp;&quot;c&quot;]]&gt;</model>"),
        ("\n\t\r\r\n", "<model>\n\t&#13;&#13;\n</model>"),
        ("\u{0}\u{B}\u{7F}\u{9B}\u{2028}\u{FFFE}\u{FFFF}", #"<model>\x00\x0b\x7f\x9b\u{2028}\u{fffe}\u{ffff}</model>"#),
        ("naïve 漢字 👩‍👩‍👧", "<model>naïve 漢字 👩‍👩‍👧</model>"),
    ])
    func strings(value: String, expected: String) throws {
        var writer = XMLWriter()
        writer.string(value)
        #expect(writer.text == expected)
    }

    @Test(
        arguments: [(0.5, "0.5"), (-0.0, "-0.0"), (1e300, "1e+300"), (-.infinity, "-inf"), (.nan, "nan")]
            as [(Double, String)])
    func doubles(value: Double, expected: String) {
        var writer = XMLWriter()
        writer.double(value)
        #expect(writer.text == "<model>\(expected)</model>")
    }
}
