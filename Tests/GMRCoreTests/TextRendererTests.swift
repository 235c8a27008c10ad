import Testing

@testable import GMRCore

@Suite struct TextRendererTests {
    @Test func theWholeIsTheSumOfItsParts() {
        let report = SampleReport.service
        let parts = TextRenderer.head(of: report) + report.sections.map(TextRenderer.section).joined()
        #expect(TextRenderer.render(report) == parts + TextRenderer.tail(of: report))
    }

    @Test func aHeadingIsThatOfOsloReports() {
        var text = ""
        TextRenderer.writeHeading("Package", to: &text)
        let rule = String(repeating: "=", count: 72)
        #expect(text == "\(rule)\n====                            Package                             ====\n\(rule)\n")
    }

    /// Escape sequences, forged lines and bidirectional overrides in every text that a program can choose.
    @Test func hostileNamesStayHarmless() {
        let name = "\u{1B}[2J\r\nForged:1 in frame\u{9B}\u{202E}\u{0}"
        let text = TextRenderer.render(SampleReport.everywhere(name))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PrintableText.isPrintable($0) })
        #expect(!text.contains("\nForged"))
        #expect(text.contains(#"Thread 1 "\x1b[2J\x0d\x0aForged:1 in frame\x9b\u{202e}\x00""#))
    }

    @Test func bytesThatAreNotUTF8AreShown() {
        #expect(PrintableText.string(fromUntrusted: Array("naïve".utf8)) == "naïve")
        #expect(PrintableText.string(fromUntrusted: [0x61, 0xC3, 0x28, 0xFF, 0xE2, 0x82]) == "a\\xc3(\\xff\\xe2\\x82")
    }

    @Test(
        arguments: [
            (0, "0.000"), (499, "0.000"), (500, "0.001"), (1_234_567, "1.235"), (999_999_500, "1000.000"),
            (UInt64.max, "18446744073709.552"),
        ] as [(UInt64, String)])
    func milliseconds(nanoseconds: UInt64, text: String) {
        #expect(TextRenderer.milliseconds(nanoseconds) == text)
    }

    @Test(arguments: [
        (Frame(address: 1, file: "a.swift", line: 3), "a.swift:3"),
        (Frame(address: 1, function: "f", file: "a.swift", line: 3), "a.swift:3 in f"),
        (Frame(address: 1, module: "m", offset: 0x10, function: "f"), "m+0x10 in f"),
        (Frame(address: 1, module: "m", buildID: "ab", offset: 0x10), "m+0x10 (build ID ab)"),
        (Frame(address: 0xFF, module: "m"), "0xff of m"),
        (Frame(address: 0xFF), "0xff"),
        (
            Frame(address: 1, function: "f", file: "a", line: 3, isInlined: true, isAsync: true),
            "a:3 in f (inlined) (async)"
        ),
    ])
    func places(frame: Frame, text: String) {
        #expect(TextRenderer.place(of: frame) == text)
    }

    @Test func whyAStackEnds() {
        func text(_ stop: ThreadSnapshot.StopReason) -> String {
            threads([ThreadSnapshot(tid: 1, capture: .noTouch, frames: [Frame(address: 1)], stop: stop)])
        }
        #expect(!text(.complete).contains("missing"))
        #expect(text(.truncated).contains("missing: the stack is larger than what a report copies"))
        #expect(text(.unreadable).contains("missing: the stack's memory could not be read"))
        #expect(text(.noUnwindInfo).contains("missing: there is no unwind information"))
    }

    @Test func tasksThatHaveNotMovedAreCalledSo() {
        func text(_ seconds: [UInt64?]) -> String {
            let tasks = zip(1..., seconds).map { id, seconds in
                TaskSnapshot(id: id, state: .suspended, unchangedNanoseconds: seconds.map { $0 * 1_000_000_000 })
            }
            var text = ""
            TextRenderer.writeTasks(tasks, to: &text)
            return text
        }
        #expect(!text([nil]).contains("same place"))
        #expect(text([130]).contains("\nat the same place as in a report 2 min ago\n"))
        #expect(text([130, 12, 12]).contains("\nat the same place as in a report 12 s to 2 min ago\n"))
        #expect(text([12, 12, nil]).contains("\n2 of them at the same place as in a report 12 s ago\n"))
    }

    @Test func aProcessIsFollowedByItsCommand() {
        func text(_ command: String?) -> String {
            var text = ""
            let child = ProcessNode(pid: 2, parentPID: 1, command: command)
            TextRenderer.writeProcesses([ProcessNode(pid: 1, children: [child])], to: &text)
            return text
        }
        #expect(text("sh -c 'sleep 1'").contains(" ]\n      sh -c 'sleep 1'\n"))
        #expect(text("a\nb").contains("\n      a\\x0ab\n"))
        let full = String(repeating: "x", count: 200)
        #expect(text(full).contains("\n      \(full)\n"))
        #expect(text(full + "y").contains("\n      \(full)…\n"))
        #expect(text(nil) == text(""))
    }

    @Test(arguments: [
        (ProcessNode(pid: 1), ""), (ProcessNode(pid: 1, residentBytes: 4096), "  4.0 KiB resident\n"),
        (
            ProcessNode(
                pid: 1, command: "sh", started: SampleReport.clock, residentBytes: 1, descriptorCount: 3,
                descriptorLimit: 9),
            "  sh\n  started 2026-11-20T20:24:51.861Z, 1 byte resident, 3 of 9 descriptors\n"
        ),
        (ProcessNode(pid: 1, descriptorCount: 1), "  1 descriptor\n"),
        (ProcessNode(pid: 1, descriptorCount: 0), "  0 descriptors\n"),
        (ProcessNode(pid: 1, descriptorLimit: 1), "  at most 1 descriptors\n"),
    ])
    func figuresOfAProcess(process: ProcessNode, lines: String) {
        var text = ""
        TextRenderer.writeProcesses([process], to: &text)
        #expect(text.hasSuffix(" ]\n\(lines)\n"))
    }

    @Test(
        arguments: [
            (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (12_988_416, "12.3 MiB"),
            (1_048_575, "1023.9 KiB"), (1 << 60, "1.0 EiB"), (UInt64.max, "15.9 EiB"),
        ] as [(UInt64, String)])
    func binarySizes(byteCount: UInt64, text: String) {
        #expect(TextRenderer.binarySize(byteCount) == text)
    }

    @Test func aProviderFollowsItsValue() {
        let options = ["plain", "two\nlines", ""].enumerated().map { index, value in
            ConfigurationSnapshot.Option(key: "k\(index)", value: value, provider: "a\nfile")
        }
        var text = ""
        TextRenderer.writeConfiguration(ConfigurationSnapshot(groups: [.init(name: "g", options: options)]), to: &text)
        #expect(
            text.hasSuffix(
                """
                g:\u{20}
                  k0 = plain (from a\\x0afile)

                  k1:\u{20}
                    two
                    lines (from a\\x0afile)
                  k2 =  (from a\\x0afile)

                """))
    }

    private func threads(_ threads: [ThreadSnapshot]) -> String {
        var text = ""
        TextRenderer.writeThreads(threads, to: &text)
        return text
    }
}
