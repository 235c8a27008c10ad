import GMRCore
import Testing

/// What a crash says of itself, as literal values.
@Suite struct CrashMessageTests {
    private static let overflow = "Swift runtime failure: arithmetic overflow"

    private static func frame(_ function: String?, at address: UInt64 = 0x1000, isInlined: Bool = true) -> Frame {
        Frame(address: address, function: function, isInlined: isInlined)
    }

    private static func message(
        of frames: [Frame], signal: String = "SIGILL", message: String? = nil
    ) -> String? {
        var crash = Crash(signal: signal, code: "ILL_ILLOPN", thread: 1, message: message)
        crash.takeMessage(from: frames)
        return crash.message
    }

    @Test func aFailedCheckIsNamedByItsInlinedFrame() {
        let trap = [Self.frame(Self.overflow), Self.frame("add(_:)", isInlined: false)]
        #expect(Self.message(of: trap) == Self.overflow)
        #expect(Self.message(of: trap, signal: "SIGTRAP") == Self.overflow)
        let nested = [Self.frame(nil), Self.frame("Array.subscript.getter")] + trap
        #expect(Self.message(of: nested) == Self.overflow)
    }

    @Test func whatTheProgramSaidItselfCountsMore() {
        #expect(Self.message(of: [Self.frame(Self.overflow)], message: "Fatal error: no") == "Fatal error: no")
    }

    @Test func onlyTheTrapItselfIsNamed() {
        let own = Self.frame("f()", isInlined: false)
        #expect(Self.message(of: []) == nil)
        #expect(Self.message(of: [own, Self.frame(Self.overflow)]) == nil)
        #expect(Self.message(of: [Self.frame("g()"), Self.frame(Self.overflow, at: 0x2000)]) == nil)
        #expect(Self.message(of: [Self.frame(Self.overflow, isInlined: false)]) == nil)
        #expect(Self.message(of: [Self.frame(Self.overflow)], signal: "SIGSEGV") == nil)
    }

    @Test(arguments: [
        ("Fatal error: boom", "It said: Fatal error: boom"),
        ("an instance of 'int'\n  what():  no\n\n", "It said: an instance of 'int'; what():  no"),
        ("\n \n", nil),
    ])
    func aVerdictSaysItInOneLine(message: String, sentence: String?) {
        let crash = Crash(signal: "SIGABRT", code: "SI_TKILL", thread: 1, message: message)
        let summary = Verdict(crash: crash, locks: Locks(), threads: []).summary
        #expect(sentence.map(summary.hasSuffix) ?? !summary.contains("It said"), "\(summary)")
    }
}
