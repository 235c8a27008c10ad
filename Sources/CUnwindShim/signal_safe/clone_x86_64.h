/*
 * clone_x86_64.h: a process that shares this one's memory, without libc.
 * Any thread. A handler may use it.
 */
#ifndef GMR_CLONE_X86_64_H
#define GMR_CLONE_X86_64_H

#include "syscalls_x86_64.h"

/* clone() onto the stack that ends at `stack_end`, a multiple of 16. `body` must not return: see gmr_ss_leave().
 * `thread_pointer` is for CLONE_SETTLS, `tid` for CLONE_PARENT_SETTID, `alive` for CLONE_CHILD_CLEARTID. Returns the
 * child's pid or tid, or a negative errno. */
static inline long gmr_ss_clone_with(uint64_t flags, uint8_t *stack_end, void (*body)(void), uint64_t thread_pointer,
                                     int32_t *tid, uint32_t *alive) GMR_SIGNAL_SAFE {
    uint64_t *top = (uint64_t *)stack_end;
    *--top = 0;
    *--top = (uint64_t)body; /* popped by the child, which leaves the stack aligned as after a call */
    long result;
    register long r10 __asm__("r10") = (long)alive;
    register long r8 __asm__("r8") = (long)thread_pointer;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "ret\n\t"
        "1:"
        : "=a"(result)
        : "a"((long)SYS_clone), "D"(flags), "S"(top), "d"((long)tid), "r"(r10), "r"(r8)
        : "rcx", "r11", "memory");
    return result;
}

/* The same, born with all signals masked: no handler of the application's may run in it. */
static inline long gmr_ss_clone_masked(uint64_t flags, uint8_t *stack_end, void (*body)(void), uint64_t thread_pointer,
                                       int32_t *tid, uint32_t *alive) GMR_SIGNAL_SAFE {
    uint64_t all = ~UINT64_C(0), before = 0;
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    long child = gmr_ss_clone_with(flags, stack_end, body, thread_pointer, tid, alive);
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
    return child;
}

static inline long gmr_ss_clone_to(uint64_t flags, uint8_t *stack_end, void (*body)(void)) GMR_SIGNAL_SAFE {
    return gmr_ss_clone_with(flags, stack_end, body, 0, 0, 0);
}

/* Ends the calling thread alone. */
__attribute__((noreturn)) static inline void gmr_ss_leave_thread(void) GMR_SIGNAL_SAFE {
    for (;;) (void)gmr_ss_syscall1(SYS_exit, 0);
}

__attribute__((noreturn)) static inline void gmr_ss_leave(int status) GMR_SIGNAL_SAFE {
    for (;;) (void)gmr_ss_syscall1(SYS_exit_group, status);
}

#endif
