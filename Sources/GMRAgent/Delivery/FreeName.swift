import CUnwindShim
import Glibc

/// Gives a finished file a name that no other file has, at once and without overwriting one.
enum FreeName {
    enum Result: Equatable {
        case taken(String)
        /// errno
        case failed(Int32)
    }

    /// From one path to another; 0, EEXIST where that exists, or another errno.
    typealias Way = @Sendable (_ from: String, _ to: String) -> Int32

    /// NFS and older FUSE file systems cannot do the first, FAT, exFAT and many FUSE ones not the second.
    static let ways: [Way] = [{ rename($0, $1) }, { link($0, $1) }, { claim($0, $1) }]

    private static let attemptLimit = 10_000

    /// - Parameters:
    ///   - first: The number to begin with.
    ///   - name: The path to be tried first for 0, then for 1 and so on.
    static func give(
        to temporaryPath: String, from first: Int = 0, ways: [Way] = ways, name: (Int) -> String
    ) -> Result {
        var ways = ways[...]
        for sequence in first..<first + attemptLimit {
            let path = name(sequence)
            while let way = ways.first {
                let error = way(temporaryPath, path)
                if error == 0 { return .taken(path) }
                if error == EEXIST { break }
                // It will not work for another name either.
                ways.removeFirst()
                if ways.isEmpty { return .failed(error) }
            }
        }
        return .failed(EEXIST)
    }

    private static func rename(_ from: String, _ to: String) -> Int32 {
        -gmr_rename_no_replace(from, to)
    }

    private static func link(_ from: String, _ to: String) -> Int32 {
        guard Glibc.link(from, to) == 0 else { return errno }
        unlink(from)
        return 0
    }

    /// Works everywhere; only here others can see the name for a moment while the file is empty.
    private static func claim(_ from: String, _ to: String) -> Int32 {
        let descriptor = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return errno }
        close(descriptor)
        guard Glibc.rename(from, to) != 0 else { return 0 }
        let error = errno
        unlink(to)
        return error
    }
}
