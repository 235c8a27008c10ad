import Testing

/// What documentation shows is what compiles and what is there.
@Suite struct DocumentationTests {}

extension DocumentationTests {
    @Suite struct Code {
        @Test(arguments: try Article.all()) func whatIsShownIsCompiled(article: Article) throws {
            let regions = try article.regions()
            for block in try article.blocks() where !regions.contains(block) {
                Issue.record("no region holds this code of \(article.path):\n\(block)")
            }
            let lines = Set(try article.code().split(separator: "\n").map { $0.drop { $0 == " " } })
            for line in try article.imports() { #expect(lines.contains(line[...]), "\(article.path)") }
        }

        @Test(arguments: try Article.all()) func whatIsCompiledIsShown(article: Article) throws {
            let blocks = try article.blocks()
            for region in try article.regions() where !blocks.contains(region) {
                Issue.record("\(article.path) does not show this region:\n\(region)")
            }
        }

        /// Blocks without a language would escape the tests above.
        @Test(arguments: try Article.all()) func everyBlockHasALanguage(article: Article) throws {
            var isInside = false
            for line in try article.text().split(separator: "\n") where line.drop(while: { $0 == " " }).hasPrefix("```")
            {
                isInside.toggle()
                if isInside { #expect(["```swift", "```text", "```sh"].contains(line.drop { $0 == " " }), "\(line)") }
            }
            #expect(!isInside)
        }

        /// A file of code without an article is one whose article was renamed.
        @Test func everyFileOfCodeHasItsArticle() throws {
            let names = Set(try Article.all().map(\.name))
            for article in try Article.codeNames() { #expect(names.contains(article), "\(article) is not there") }
        }
    }
}
