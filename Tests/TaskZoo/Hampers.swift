import Glibc
import ZooKit

@Sendable func isReady() {
    if hampers() { sayReady() }
}

/// Makes it hard for the process to search its own memory, as the environment says: TASKZOO_ROOT is its new root, where
/// there is no /proc; TASKZOO_RESERVES is how many times it reserves 64 GB that it does not use.
/// - Returns: False where that is impossible.
private func hampers() -> Bool {
    for _ in 0..<(getenv("TASKZOO_RESERVES").flatMap { Int(String(cString: $0)) } ?? 0) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        // Each alone: together they would be more than GMR takes for a heap.
        guard let start = mmap(nil, 64 << 30, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED,
            mprotect(start, 4096, PROT_NONE) == 0
        else { return false }
    }
    guard let root = getenv("TASKZOO_ROOT") else { return true }
    return chroot(root) == 0 && chdir("/") == 0
}
