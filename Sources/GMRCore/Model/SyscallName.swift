/// System calls of Linux by number.
public enum SyscallName {
    /// `futex` for 202; nil for a number that the table does not have. Numbers are those of x86-64.
    public static func name(of number: Int) -> String? {
        amd64[number]
    }
}
