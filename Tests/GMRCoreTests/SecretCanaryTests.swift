import Foundation
import Testing

@testable import GMRCore

/// Ways in which others write a secret.
enum Encoded {
    static func percent(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }

    static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}

/// 10,000 reports full of secrets: none of them comes out, in any format.
@Suite(.timeLimit(.minutes(5))) struct SecretCanaryTests {
    private static let formats: [(name: String, render: @Sendable (Report) -> String)] = [
        ("text", { TextRenderer.render($0) }), ("json", { JSONRenderer.render($0) }),
        ("xml", { XMLRenderer.render($0) }),
    ]

    @Test(arguments: 0..<10)
    func noneIsPrinted(batch: UInt64) {
        for seed in batch * 1_000..<(batch + 1) * 1_000 {
            let planted = CanaryReport(seed: seed)
            let configuration = planted.report.configuration
            let masker = SecretMasker(knownSecrets: configuration.secrets(keys: SecretKeys()))
            let masked = planted.report.masked(by: masker)
            for format in Self.formats {
                let leaks = Self.leaks(of: planted.canaries, in: format.render(masked))
                if !leaks.isEmpty {
                    Issue.record("seed \(seed), \(format.name): \(leaks)")
                    return
                }
            }
        }
    }

    /// Without masking the search finds them all: it can fail.
    @Test func theSearchFindsWhatIsNotMasked() {
        let planted = CanaryReport(seed: 1)
        var bare = planted.report
        for group in bare.configuration.groups.indices {
            for option in bare.configuration.groups[group].options.indices {
                bare.configuration.groups[group].options[option].isSecret = false
            }
        }
        let found = Self.leaks(of: planted.canaries, in: JSONRenderer.render(bare))
        #expect(found.count == planted.canaries.count)
    }

    private static func leaks(of canaries: [Canary], in text: String) -> [String] {
        return canaries.filter { canary in
            let base64 = Encoded.base64(canary.text)
            let pieces = canary.pieces + [Encoded.percent(canary.text), String(base64.prefix(12))]
            // No report has a NUL in it, and strstr() is fast.
            return pieces.contains { strstr(text, $0) != nil }
        }.map(\.text)
    }
}
