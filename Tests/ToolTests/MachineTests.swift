import GMRAgent
import GMRCore
import Testing

@testable import gmr

/// What the checks of the machine make of what they have read.
@Suite struct MachineTests {
    @Test(
        arguments: [
            ("6.1.0-18-amd64", "x86_64", Finding.Status.ok), ("5.6.0", "x86_64", .ok), ("5.5.19", "x86_64", .warning),
            ("4.19", "x86_64", .warning), ("odd", "x86_64", .ok), ("6.1.0", "aarch64", .problem),
        ])
    func kernelsAreNewEnoughOrNot(release: String, machine: String, status: Finding.Status) {
        #expect(Machine.kernel(release: release, machine: machine).status == status)
    }

    @Test func aRefusedCallIsAProblemWhereThereIsNoReportWithoutIt() {
        let small = SystemCallProbe.Call(name: "inotify", loss: "slower", isEssential: false)
        let large = SystemCallProbe.Call(name: "memfd_create", loss: "nothing", isEssential: true)
        #expect(Machine.calls(refused: [], names: ["a"]).status == .ok)
        #expect(Machine.calls(refused: [small], names: []).status == .warning)
        #expect(Machine.calls(refused: [small, large], names: []).status == .problem)
    }

    @Test(
        arguments: [
            ("rw", Finding.Status.ok), ("rw,hidepid=off", .ok), ("rw,hidepid=0", .ok), ("rw,hidepid=2", .warning),
            ("rw,hidepid=ptraceable", .warning), ("rw,subset=pid", .warning),
        ])
    func procMayHideThings(options: String, status: Finding.Status) {
        let mounts = Mounts("22 27 0:21 / /proc rw - proc proc \(options)\n")
        #expect(Machine.proc(mounts, isReadable: true).status == status)
        #expect(Machine.proc(mounts, isReadable: false).status == .problem)
    }

    @Test func coreDumpsNeedAPlaceAndASize() {
        let none = ResourceLimits("Limit\nMax core file size  0  unlimited  bytes\n")
        let any = ResourceLimits("Limit\nMax core file size  unlimited  unlimited  bytes\n")
        #expect(Machine.cores(.file("core"), limits: none).status == .warning)
        #expect(Machine.cores(.file("core"), limits: any).status == .ok)
        // A program gets the core whatever the limit is, unless it is 1.
        #expect(Machine.cores(.program("/usr/lib/systemd/systemd-coredump"), limits: none).text.contains("coredumpctl"))
        #expect(Machine.cores(.none, limits: any).status == .warning)
    }

    @Test func theRestHasLimitsToo() {
        #expect(Machine.inotify(instances: 128, watches: 8192).status == .ok)
        #expect(Machine.inotify(instances: 1, watches: 8192).status == .warning)
        #expect(Machine.inotify(instances: nil, watches: nil).status == .warning)
        #expect(Machine.availableMemory(KeyedText("MemAvailable:    1024 kB\n"))?.status == .warning)
        #expect(Machine.availableMemory(KeyedText("MemAvailable: 8388608 kB\n")) == nil)
        #expect(Machine.libunwind(isLoaded: false).status == .problem)
        #expect(Machine.libdw(isLoaded: false).status == .problem)
    }

    // MARK: Memory

    @Test func memoryGroupsAreFoundInBothVersions() {
        let mounts = Mounts(
            """
            31 23 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
            35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
            """)
        let places = MemoryGroup.places(cgroup: "5:cpu:/c\n4:memory:/m\n0::/a.slice/b.service\n", mounts: mounts)
        #expect(
            places == [
                .init(version: 1, directories: ["/sys/fs/cgroup/memory/m", "/sys/fs/cgroup/memory"]),
                .init(
                    version: 2,
                    directories: [
                        "/sys/fs/cgroup/a.slice/b.service", "/sys/fs/cgroup/a.slice", "/sys/fs/cgroup",
                    ]),
            ])
    }

    @Test func inAContainerTheMountsRootIsLeftOut() {
        let mounts = Mounts("31 23 0:29 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        let inside = MemoryGroup.places(cgroup: "0::/docker/1/app\n", mounts: mounts)
        #expect(inside.first?.directories == ["/sys/fs/cgroup/app", "/sys/fs/cgroup"])
        let outside = MemoryGroup.places(cgroup: "0::/../2\n", mounts: mounts)
        #expect(outside.first?.directories == ["/sys/fs/cgroup"])
    }

    @Test func aReportNeedsRoomInItsMemoryGroup() {
        func group(limit: UInt64?, used: UInt64, reclaimable: UInt64 = 0, kills: UInt64 = 0) -> [Finding.Status] {
            MemoryGroup(limit: limit, used: used, reclaimable: reclaimable, kills: kills).findings("memory").map(
                \.status)
        }
        let limit: UInt64 = 100 << 20
        #expect(group(limit: nil, used: limit) == [.ok])
        #expect(group(limit: limit, used: 50 << 20) == [.ok])
        #expect(group(limit: limit, used: 90 << 20) == [.warning])
        #expect(group(limit: limit, used: 90 << 20, reclaimable: 40 << 20) == [.ok])
        #expect(group(limit: limit, used: 200 << 20, reclaimable: 300 << 20, kills: 1) == [.ok, .warning])
        #expect(group(limit: limit, used: 200 << 20) == [.warning])
    }
}
