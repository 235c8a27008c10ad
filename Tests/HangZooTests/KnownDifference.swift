import Foundation

/// Two names that differ for one frame, with what helps to judge.
struct NamePair {
    var seen: String?
    var referee: String?
    var isSignalFrame: Bool
    /// Both are symbols of the frame's module with the same value.
    var areAliases: Bool
    var fromDebugFiles: () -> String?
    var isAlias: (String) -> Bool
}

/// The differences of names between a report and gdb that are no error, each with its reason. Nothing else passes.
struct KnownDifference: Sendable {
    var reason: String
    var applies: @Sendable (NamePair) -> Bool

    static let all = [
        KnownDifference(
            reason: """
                gdb calls the frame that a signal returns to <signal handler called> and gives it no name of its own; its \
                code is __restore_rt of libc, or of the vDSO on other processors.
                """,
            applies: { $0.isSignalFrame && ($0.referee == nil || $0.seen == nil) }),
        KnownDifference(
            reason: """
                A function has several symbols (`read`, `__read`, `__libc_read`) and nothing says which one is the name.
                """,
            applies: { $0.areAliases }),
        KnownDifference(
            reason: """
                gdb was told to ignore separate debug files, and GMR may read the symbol table of one: its name must then \
                be the one that a gdb with all debug files gives.
                """,
            applies: { pair in
                guard pair.referee == nil, let seen = pair.seen, let full = pair.fromDebugFiles() else { return false }
                return seen == full || seen.withoutCloneSuffix == full || pair.isAlias(full)
            }),
    ]
}

extension String {
    /// The symbol table names a clone that the optimizer made `f.constprop.0`, `f.part.0`, `f.isra.0` or `f.cold`; debug
    /// information, and so gdb, calls it `f`.
    fileprivate var withoutCloneSuffix: String {
        for suffix in [".constprop.", ".part.", ".isra.", ".cold"] {
            if let range = range(of: suffix) { return String(self[..<range.lowerBound]) }
        }
        return self
    }
}
