import GMRCore
import Testing

@Suite struct WireTests {
    static let section = Section(
        title: "Poöl",
        data: .keyValue([
            ("list", [1, nil, true, false, "x", [1.5]]), ("lowest", .integer(.min)), ("highest", .integer(.max)),
            ("infinite", .double(.infinity)),
            ("table", .table(columns: ["a", "b"], rows: [["1", "2"], [], ["3"]])), ("empty", .keyValue([])),
        ]), error: "late")
    static let settings = Settings(
        isEnabled: false, signals: ["SIGUSR2", "SIGRTMIN+3"], fileEventHandler: "/run/trigger",
        fileEventHandlerInterval: .seconds(9), signalsBesideFile: true, watchdogLimit: .seconds(2),
        watchdogPause: .milliseconds(1),
        logDirectory: "/var/log",
        formats: [.text, .xml], recordsStacks: true, writesCores: true, maximumReportCount: 8,
        maximumTotalByteCount: 1 << 40, secretKeys: ["pin"], environmentVariables: ["TZ"],
        captureDeadline: .nanoseconds(1), taskSearchLimit: .seconds(7), sectionDeadline: .seconds(-3),
        helperSilence: .milliseconds(2_500), crashPatience: .seconds(3),
        maximumThreadCount: 7, debugDirectories: "/a:/b", symbolizeSystemLibraries: true,
        fetchDebugInformation: true)
    static let package = Package(vendor: nil, product: "orders", version: "1.4.2")

    @Test func whatIsWrittenIsRead() throws {
        #expect(try Section(wireBytes: Self.section.wireBytes) == Self.section)
        #expect(try Settings(wireBytes: Self.settings.wireBytes) == Self.settings)
        #expect(try Settings(wireBytes: Settings().wireBytes) == Settings())
        #expect(try Package(wireBytes: Self.package.wireBytes) == Self.package)
    }

    @Test func secretsStayBehind() throws {
        let configuration = ConfigurationSnapshot(groups: [
            .init(
                name: "database",
                options: [
                    .init(key: "password", value: "hunter2", isSecret: true, provider: "file"),
                    .init(key: "url", value: "db-1"),
                ])
        ])
        let bytes = configuration.wireBytes
        #expect(!String(decoding: bytes, as: UTF8.self).contains("hunter2"))
        let options = try ConfigurationSnapshot(wireBytes: bytes).groups[0].options
        #expect(options.map(\.value) == ["***", "db-1"])
        #expect(options.map(\.isSecret) == [true, false])
        #expect(options.map(\.provider) == ["file", nil])
    }

    @Test func numbersAreCompact() {
        var writer = WireWriter()
        writer.write(unsigned: 300)
        writer.write(signed: -1)
        #expect(writer.bytes == [0xAC, 0x02, 0x01])
    }

    @Test func eachTruncationIsAnError() {
        let bytes = Self.section.wireBytes
        for count in 0..<bytes.count {
            #expect(throws: WireError.self, "first \(count) bytes") { try Section(wireBytes: Array(bytes[..<count])) }
        }
        #expect(throws: WireError(.trailingBytes, offset: bytes.count)) { try Section(wireBytes: bytes + [0]) }
    }

    @Test func errorsSayWhere() {
        #expect(throws: WireError(.truncated, offset: 0)) { try Section(wireBytes: []) }
        #expect(throws: WireError(.unknownVersion, offset: 0)) { try Section(wireBytes: [99, 0]) }
        #expect(throws: WireError(.lengthOutOfRange, offset: 1)) { try Section(wireBytes: [1, 200, 1, 65]) }
        #expect(throws: WireError(.unknownTag, offset: 2)) { try Section(wireBytes: [1, 0, 77]) }
        let eleven = [UInt8](repeating: 0xFF, count: 11)
        #expect(throws: WireError(.numberOutOfRange, offset: 1)) { try Section(wireBytes: [1] + eleven) }
    }

    @Test func nestingIsBounded() throws {
        var deep: SectionModel = "bottom"
        for _ in 0..<200 { deep = [deep] }
        var depth = 0
        var level = try SectionModel(wireBytes: deep.wireBytes)
        while case .list(let elements) = level, let first = elements.first {
            level = first
            depth += 1
        }
        #expect(depth == SectionModel.maximumDepth)
        #expect(level == "(nested more than 64 deep)")
        // A list of one list of one list …: tag 6, count 1.
        let hostile = [1] + (0..<100_000).flatMap { _ -> [UInt8] in [6, 1] }
        #expect(throws: WireError(.tooDeep, offset: 131)) { try SectionModel(wireBytes: hostile) }
    }

    @Test func textThatIsNotUTF8IsKept() throws {
        // Version, tag 5 (text), three bytes.
        #expect(try SectionModel(wireBytes: [1, 5, 3, 0x61, 0xFF, 0x62]) == "a\\xffb")
    }

    /// Random bytes and damaged encodings: any outcome but a trap, and what decodes can be rendered.
    @Test(arguments: 0..<8) func arbitraryBytesAreSurvived(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let models = [
            Self.section.wireBytes, Self.settings.wireBytes, Self.package.wireBytes,
            ConfigurationSnapshot(groups: [
                .init(name: "a", options: [.init(key: "b", value: "c", provider: "d")])
            ]).wireBytes,
        ]
        for round in 0..<5_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes =
                    [1]
                    + (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8.random(in: 0...12, using: &random) }
            } else {
                bytes = models[round / 2 % models.count]
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 1..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
            }
            if let section = try? Section(wireBytes: bytes) {
                #expect(TextRenderer.section(section).hasSuffix("\n"))
                #expect(try! Section(wireBytes: section.wireBytes).wireBytes == section.wireBytes)
            }
            _ = try? Settings(wireBytes: bytes)
            _ = try? Package(wireBytes: bytes)
            _ = try? ConfigurationSnapshot(wireBytes: bytes)
        }
    }
}

/// Sebastiano Vigna's generator: the same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
