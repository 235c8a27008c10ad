import Glibc

/// Whom the kernel takes a process for where it opens files. Access control lists are not known here.
struct Credentials: Equatable {
    var user: UInt32
    var group: UInt32
    var groups: Set<UInt32>
    /// CAP_DAC_OVERRIDE, where it counts.
    var isAbovePermissions: Bool

    init(user: UInt32, group: UInt32, groups: Set<UInt32> = [], isAbovePermissions: Bool = false) {
        self.user = user
        self.group = group
        self.groups = groups
        self.isAbovePermissions = isAbovePermissions
    }

    /// From `/proc/PID/status`; the fourth of `Uid` is for files.
    /// - Parameter isOfThisNamespace: In another user namespace capabilities do not hold for files of this one.
    init?(_ status: KeyedText, isOfThisNamespace: Bool) {
        guard let user = status.words("Uid").last.flatMap({ UInt32($0) }),
            let group = status.words("Gid").last.flatMap({ UInt32($0) })
        else { return nil }
        let capabilities = status["CapEff"].flatMap { UInt64($0, radix: 16) } ?? 0
        self.init(
            user: user, group: group, groups: Set(status.words("Groups").compactMap { UInt32($0) }),
            isAbovePermissions: isOfThisNamespace && capabilities & 1 << 1 != 0)
    }

    /// Whether new files may be made in such a directory.
    func mayWrite(mode: UInt32, owner: UInt32, group: UInt32) -> Bool { may(3, mode, owner, group) }

    /// Whether names in such a directory may be used.
    func maySearch(mode: UInt32, owner: UInt32, group: UInt32) -> Bool { may(1, mode, owner, group) }

    /// Whether such a file may be read and executed. Nobody executes one that nobody may.
    func mayStart(mode: UInt32, owner: UInt32, group: UInt32) -> Bool {
        mode & 0o111 != 0 && may(5, mode, owner, group)
    }

    private func may(_ bits: UInt32, _ mode: UInt32, _ owner: UInt32, _ group: UInt32) -> Bool {
        if isAbovePermissions { return true }
        let isMember = group == self.group || groups.contains(group)
        let shift: UInt32 = user == owner ? 6 : isMember ? 3 : 0
        return mode >> shift & bits == bits
    }
}
