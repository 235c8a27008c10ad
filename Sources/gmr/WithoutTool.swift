#if !Tool
    import Glibc

    /// What `swift build` makes of the tool without its trait, for it builds every target.
    @main
    struct WithoutTool {
        static func main() {
            let text =
                "gmr: this one was built without its commands. `make tool` builds the tool and prints its path.\n"
            _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(EX_UNAVAILABLE)
        }
    }
#endif
