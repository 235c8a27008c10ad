import GMRCore
import Testing

@Test func systemCallsHaveNames() {
    #expect(SyscallName.name(of: 0) == "read")
    #expect(SyscallName.name(of: 202) == "futex")
    #expect(SyscallName.name(of: 232) == "epoll_wait")
    #expect(SyscallName.name(of: 441) == "epoll_pwait2")
    #expect(SyscallName.name(of: 450) == "set_mempolicy_home_node")
    #expect(SyscallName.name(of: 455) == "futex_wait")
    #expect(SyscallName.name(of: -1) == nil)
    #expect(SyscallName.name(of: 400) == nil)
}
