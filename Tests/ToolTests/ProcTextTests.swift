import GMRCore
import Testing

@testable import gmr

/// What is read of `/proc`, as literal text.
@Suite struct ProcTextTests {
    @Test func statusHasWordsNumbersAndSignals() {
        let text = KeyedText(
            "Name:\todd: name\nUid:\t1000\t1001\t1002\t1003\nVmSize:\t    3060 kB\nSigCgt:\t0000000000000800\nName:\tforged\n"
        )
        #expect(text["Name"] == "odd: name")
        #expect(text.words("Uid") == ["1000", "1001", "1002", "1003"])
        #expect(text.kibibytes("VmSize") == 3060 << 10)
        #expect(text.signals("SigCgt").names == "SIGUSR2")
        #expect(text["Missing"] == nil && text.number("Name") == nil && text.signals("SigBlk").mask == 0)
        #expect(KeyedText("oom 3\noom_kill 7\n").number("oom_kill") == 7)
        #expect(KeyedText("VmSize:\t18446744073709551615 kB\n").kibibytes("VmSize") == nil)
    }

    @Test func signalSetsHaveTheLowestBitForSignal1() {
        #expect(SignalSet(hexadecimal: "0000000104000800")?.names == "SIGUSR2, SIGPROF, SIG33")
        #expect(SignalSet(hexadecimal: "8000000000000000")?.names == "SIGRTMIN+30")
        #expect(SignalSet(hexadecimal: "x") == nil && SignalSet(hexadecimal: "") == nil)
        #expect(SignalSet([.usr1, .usr2]).mask == 0xa00)
    }

    @Test func signalsAreBlockedWhereEveryThreadBlocksThem() {
        let one = KeyedText("SigBlk:\t0000000000000a00\nSigPnd:\t0000000000000200\n")
        let other = KeyedText("SigBlk:\t0000000000000800\n")
        let facts = SignalFacts(
            status: KeyedText("ShdPnd:\t0000000000000800\n"), tasks: [one, other],
            readByDescriptors: SignalSet(mask: 0))
        #expect(facts.blockedEverywhere.names == "SIGUSR2")
        #expect(facts.pending.names == "SIGUSR1, SIGUSR2")
    }

    @Test func mapsAreFilesWithTheirNames() {
        let maps = MappedFiles(
            """
            7f00-7f10 r--p 00000000 fe:00 12   /usr/bin/a program
            7f10-7f20 r-xp 00001000 fe:00 12   /usr/bin/a program
            7f20-7f30 r-xp 00000000 fe:00 13   /usr/lib/libold.so (deleted)
            7f30-7f40 rw-s 00000000 00:01 14   /memfd:gmr-arena (deleted)
            7f40-7f50 rw-p 00000000 00:00 0    [stack]
            7f50-7f60 rw-p 00000000 00:00 0
            nonsense
            """)
        #expect(maps.files.map(\.path) == ["/usr/bin/a program", "/usr/lib/libold.so", "/memfd:gmr-arena"])
        #expect(maps.files.map(\.isDeleted) == [false, true, true])
        #expect(maps.code.map(\.path) == ["/usr/bin/a program", "/usr/lib/libold.so"])
        #expect(maps.hasArena && maps.library == nil)
        #expect(MappedFiles("1-2 r-xp 0 0:0 1 /opt/libgmr.so.1\n").library == "/opt/libgmr.so.1")
        #expect(MappedFiles("1-2 r-xp 0 0:0 1 /opt/libgmr.sock\n").library == nil)
    }

    @Test func mountsHaveOptionsOfTheFileSystem() {
        let mounts = Mounts(
            """
            22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible
            23 27 0:22 /a\\040b /mnt/c\\040d rw - ext4 /dev/vda rw
            short line
            24 27 0:22 / /x rw nodash ext4 a b c
            """)
        #expect(mounts.mount(at: "/proc")?.option("hidepid") == "invisible")
        #expect(mounts.mount(at: "/proc")?.option("subset") == nil)
        #expect(mounts.mount(at: "/mnt/c d")?.root == "/a b")
        #expect(mounts.mounts.count == 2)
    }

    @Test func limitsAreTheSoftOnes() {
        let limits = ResourceLimits(
            """
            Limit                     Soft Limit           Hard Limit           Units
            Max core file size        0                    unlimited            bytes
            Max open files            1024                 524288               files
            Max address space         unlimited            unlimited            bytes
            """)
        #expect(limits.limit("Max core file size") == 0)
        #expect(limits.limit("Max open files") == 1024)
        #expect(limits.limit("Max address space") == nil && limits.limit("Max nothing") == nil)
    }

    @Test func coresGoToAFileAProgramOrNowhere() {
        #expect(CorePattern("core.%p\n") == .file("core.%p"))
        #expect(
            CorePattern("|/usr/lib/systemd/systemd-coredump %P %u\n") == .program("/usr/lib/systemd/systemd-coredump"))
        #expect(CorePattern("\n") == .none)
        #expect(CorePattern("|") == .program(""))
    }
}
