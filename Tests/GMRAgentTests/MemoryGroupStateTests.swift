import Testing

@testable import GMRAgent

@Suite struct MemoryGroupStateTests {
    private typealias Place = MemoryGroupState.Place

    private static let second = "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
    private static let first = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"

    @Test func theFilesOfVersion2() {
        let place = MemoryGroupState.place(cgroup: "0::/system.slice/orders.service\n", mounts: Self.second)
        let directory = "/sys/fs/cgroup/system.slice/orders.service"
        #expect(place == Place(path: "/system.slice/orders.service", version: 2, directory: directory))
    }

    @Test func memoryMayBeCountedByVersion1() {
        let mounts = Self.first + "\n" + "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
        let place = MemoryGroupState.place(cgroup: "8:pids:/\n4:memory:/docker/17\n0::/\n", mounts: mounts)
        #expect(place == Place(path: "/docker/17", version: 1, directory: "/sys/fs/cgroup/memory/docker/17"))
    }

    /// A container sees its own group as the root of what is mounted.
    @Test(arguments: [
        ("/", "/", "/sys/fs/cgroup"),
        ("/docker/17", "/docker/17", "/sys/fs/cgroup"),
        ("/docker/17/worker", "/docker/17", "/sys/fs/cgroup/worker"),
        ("/my jobs/1", #"/my\040jobs"#, "/sys/fs/cgroup/1"),
        // Counters of another group are none of this one.
        ("/../other", "/", nil), ("/docker/170", "/docker/17", nil),
    ])
    func whatIsMountedMayBeAPart(path: String, root: String, directory: String?) {
        let mounts = "30 22 0:26 \(root) /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
        #expect(
            MemoryGroupState.place(cgroup: "0::\(path)", mounts: mounts)
                == directory.map { Place(path: path, version: 2, directory: $0) })
    }

    @Test(arguments: ["", "0::/\n", "nonsense", "4:memory:/x"]) func whereNothingIsMountedThereIsNone(cgroup: String) {
        #expect(MemoryGroupState.place(cgroup: cgroup, mounts: "1 2 0:1 / /proc rw - proc proc rw") == nil)
    }

    @Test(arguments: [
        ("low 0\nhigh 12\nmax 3\noom 1\noom_kill 2\noom_group_kill 0\n", 2),
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", 7),
        ("low 0\noom_kill x\n", nil), ("oom_kill", nil), ("", nil),
    ])
    func killsAreCounted(text: String, count: UInt64?) {
        #expect(MemoryGroupState.killCount(in: text) == count)
    }
}
