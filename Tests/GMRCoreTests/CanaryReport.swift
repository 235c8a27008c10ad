@testable import GMRCore

/// A secret that is easy to find again, whatever became of its other characters.
struct Canary {
    let text: String
    /// Parts of it, none of which may turn up anywhere.
    let pieces: [String]

    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    /// In a value of its own.
    static let anyCharacters = [
        "@", ":", "/", "%", "&", "=", "\"", "'", "\\", "<", ">", " ", "ö", "🔑", "\n", ",", "\u{1B}",
    ]
    /// In text, where a blank or a quotation mark ends a value.
    static let plainCharacters = ["@", ":", "/", "%", "_", "-", ".", "ö", "🔑", "+", "!"]

    init(separators: [String], random: inout SplitMix) {
        func letters(_ count: Int) -> String {
            String((0..<count).map { _ in Self.letters.randomElement(using: &random)! })
        }
        let parts = [letters(7), letters(9), letters(7)]
        let separators = [separators.randomElement(using: &random)!, separators.randomElement(using: &random)!]
        text = parts[0] + separators[0] + parts[1] + separators[1] + parts[2]
        pieces =
            parts + [
                parts[0].suffix(4) + separators[0] + parts[1].prefix(4),
                parts[1].suffix(4) + separators[1] + parts[2].prefix(4),
            ]
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// A report into which secrets were planted: in options, where they become known; and, known or not, in URLs, the
/// environment, arguments, names, errors and section data.
struct CanaryReport {
    private(set) var report: Report
    private(set) var canaries: [Canary] = []
    private var random: SplitMix
    private var known: [String] = []

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        report = Report(
            generated: Timestamp(nanosecondsSinceEpoch: 0), trigger: Trigger(kind: .signal),
            process: ProcessIdentity(pid: 1), package: "canaries")
        plantInConfiguration()
        plantInProcess()
        plantInThreads()
        plantInSections()
    }

    /// One that nobody has been told of.
    private mutating func unknown(_ separators: [String] = Canary.anyCharacters) -> String {
        let canary = Canary(separators: separators, random: &random)
        canaries.append(canary)
        return canary.text
    }

    private mutating func known(_ separators: [String] = Canary.anyCharacters) -> String {
        known.randomElement(using: &random)!
    }

    private mutating func pick(_ texts: [String]) -> String { texts.randomElement(using: &random)! }

    /// Any text with a known secret in it, plain or encoded.
    private mutating func hiding() -> String {
        let secret = known()
        return pick([
            secret, "before\(secret)after", "a \(secret) b", "https://example/\(Encoded.percent(secret))/x",
            "Basic:\(Encoded.base64(secret))!", "{\\\"a\\\": \(secret)}", "\(secret)\(secret)",
        ])
    }

    /// Text that gives its secret away by what stands before it.
    private mutating func telling() -> String {
        let secret = unknown(Canary.plainCharacters)
        return pick([
            "password=\(secret)", "see https://h/?api_key=\(secret)&x=1", "\"token\": \"\(secret)\"",
            "'secret' : '\(secret)'", "amqp://nova:\(Encoded.percent(secret))@mq:5672/",
            "Authorization: Bearer \(secret)",
            "x://u:\(secret)@h", "passphrase: \(secret)", "export PGPASSWORD=\(secret); psql", "Cookie: a=\(secret)",
        ])
    }

    private mutating func plantInConfiguration() {
        let marked = unknown()
        let byKey = unknown()
        let inURL = unknown(Canary.plainCharacters)
        let variable = unknown()
        known = [marked, byKey, inURL, variable]
        report.configuration = ConfigurationSnapshot(groups: [
            .init(
                name: "database",
                options: [
                    .init(key: "login", value: marked, isSecret: true),
                    .init(key: pick(["password", "apiKey", "AUTH_TOKEN", "connection"]), value: byKey),
                    .init(key: "url", value: "amqp://nova:\(Encoded.percent(inURL))@mq/"),
                    .init(key: "note", value: pick([marked, "x\(byKey)"]), provider: "file \(inURL)"),
                ]),
            .init(name: "environment", options: [.init(key: "SERVICE_TOKEN", value: variable)]),
            .init(name: "g \(marked)", options: [.init(key: "k \(byKey)", value: telling())]),
        ])
    }

    private mutating func plantInProcess() {
        let argument = unknown()
        report.process.arguments = [
            "srv", "--password", argument, "--api-key=\(unknown())", "DB_PASSWORD=\(unknown())", hiding(), telling(),
            "-v",
        ]
        report.process.serviceName = "srv \(known())"
        report.completeness.gaps = [hiding(), telling()]
        var child = ProcessNode(pid: 3, command: "[\(cut(hiding(), at: 15))]")
        child.children = [ProcessNode(pid: 4, command: "x --token \(unknown()) --port 80")]
        report.processes = [
            ProcessNode(pid: 2, command: "srv --db-password=\(unknown()) --v \(hiding())", children: [child])
        ]
    }

    private mutating func plantInThreads() {
        let source = Frame(
            address: 1, function: "f", file: "/src/\(known())", line: 1, source: "let a = \"\(known())\"")
        report.threads = [
            ThreadSnapshot(
                tid: 1, name: cut(pick(["", "io-", "w"]) + known(), at: 15), capture: .noTouch,
                frames: [source, source]),
            ThreadSnapshot(
                tid: 2, name: cut(known(), at: 15), capture: .none,
                waitsFor: LockWait(kind: .mutex, description: "mutex", owner: 1, ownerName: cut(known(), at: 15))),
        ]
        report.verdict.summary = hiding()
    }

    private mutating func plantInSections() {
        report.sections = [
            Section(
                title: "Pool \(known())",
                data: [
                    "password": .text(unknown()), "list": [.text(hiding()), .text(telling())],
                    "auth_tokens": ["a": .text(unknown()), "b": [.text(unknown())]],
                    "table": .table(columns: ["user", "secret"], rows: [["a", unknown()], [hiding(), "x"]]),
                ]),
            Section(title: "Broken", error: "its generator threw: \(hiding()) \(telling())"),
            Section(title: "Key", data: .keyValue([(key: hiding(), value: .integer(1))])),
        ]
    }

    /// As the kernel cuts a name.
    private func cut(_ text: String, at byteCount: Int) -> String {
        String(decoding: text.utf8.prefix(byteCount), as: UTF8.self)
    }
}
