import Foundation

/// Shell commands that execute "$0" and "$@" where a system call is not to be had (seccomp(2)).
public enum SystemCallFilter {
    public static func refusing(_ number: UInt32, with error: Int32 = EPERM) -> String {
        command([(0x15, 0, 1, number), (0x06, 0, 0, 0x0005_0000 | UInt32(error))])
    }

    /// Only with that second argument.
    public static func refusing(_ number: UInt32, secondArgument: UInt32, with error: Int32) -> String {
        command([
            (0x15, 0, 3, number), (0x20, 0, 0, 24), (0x15, 0, 1, secondArgument),
            (0x06, 0, 0, 0x0005_0000 | UInt32(error)),
        ])
    }

    /// The call ends the process.
    public static func killing(_ number: UInt32) -> String {
        command([(0x15, 0, 1, number), (0x06, 0, 0, 0x8000_0000)])
    }

    /// - Parameter body: Of a BPF program, between its load of the call's number and its end, which allows the call:
    ///   code, jumps where true and false, constant.
    private static func command(_ body: [(code: UInt16, ifTrue: UInt8, ifFalse: UInt8, constant: UInt32)]) -> String {
        let program = [(0x20, 0, 0, 0)] + body + [(0x06, 0, 0, 0x7fff_0000)]
        let numbers = program.map { "\($0.0), \($0.1), \($0.2), \($0.3)" }.joined(separator: ", ")
        return """
            exec perl -e '
            my $code = pack("SCCL" x \(program.count), \(numbers));
            my $program = pack("S x![Q] P", \(program.count), $code);
            syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(157, 22, 2, $program, 0, 0) == 0 or die "seccomp: $!";
            exec @ARGV' -- "$0" "$@"
            """
    }
}
