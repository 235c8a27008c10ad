import GMRCore
import Testing

@Suite struct SignalNumberTests {
    @Test(
        arguments: [
            ("USR2", 12, "SIGUSR2"), ("SIGUSR2", 12, "SIGUSR2"), (" sigusr2 ", 12, "SIGUSR2"), ("12", 12, "SIGUSR2"),
            ("SIGRTMIN+3", 37, "SIGRTMIN+3"), ("RTMIN", 34, "SIGRTMIN"), ("RTMAX-1", 63, "SIGRTMIN+29"),
            ("SIGRTMAX", 64, "SIGRTMIN+30"), ("64", 64, "SIGRTMIN+30"), ("IOT", 6, "SIGABRT"), ("33", 33, "SIG33"),
        ] as [(String, Int32, String)])
    func namesAndNumbers(text: String, number: Int32, name: String) {
        #expect(SignalNumber(text)?.rawValue == number)
        #expect(SignalNumber(text)?.name == name)
    }

    @Test(arguments: [
        "", "SIG", "USR3", "0", "65", "-1", "RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMIN+", "RTMIN++1", "RTMIN+-1",
        "99999999999", "USR2 USR1",
    ])
    func whatIsNoSignal(text: String) {
        #expect(SignalNumber(text) == nil)
    }

    @Test func everyNumberIsReadByItsName() {
        for number in Int32(1)...64 {
            let signal = SignalNumber(rawValue: number)
            #expect(signal.flatMap { SignalNumber($0.name) } == signal)
        }
    }

    @Test func theOnesThatCannotTrigger() {
        let refused = (Int32(1)...64).compactMap(SignalNumber.init(rawValue:)).filter { $0.reasonNotToTrigger != nil }
        #expect(
            refused.map(\.name) == [
                "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGSTOP", "SIGPROF",
                "SIGSYS",
                "SIG32", "SIG33",
            ])
    }
}
