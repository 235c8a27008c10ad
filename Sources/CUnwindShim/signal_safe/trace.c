/*
 * trace.c: a thread that runs and masks the capture signal can be read while it is stopped, as debuggers do.
 * What the header names runs on the agent thread or the worker, the rest in a process that shares its memory.
 * A handler may run all of it: raw system calls only, a stack of its own.
 */
#include "trace.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "capture.h"
#include "clone_x86_64.h"
#include "probe.h"

#define STACK_BYTES (16u * 1024u)
#define ALL_REGISTERS ((UINT64_C(1) << GMR_REGISTER_COUNT) - 1)

static struct {
    uint32_t holder; /* the process that traces; 0: none. A worker that is late may meet the agent here */
    gmr_arena_header_t *arena;
    uint32_t state;     /* of the slots: GMR_SLOT_NO_RESPONSE, or GMR_SLOT_CAPTURED of those that were refused a lock */
    uint32_t may_begin; /* futex: it may be traced from now on */
    uint32_t is_alive;  /* futex; the kernel clears it at the tracer's end */
    uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
} tracer;

static int is_wanted(const gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    const uint32_t refused = GMR_WAIT_REFUSED | GMR_WAIT_UNMOVED;
    if (slot->generation != tracer.arena->generation || gmr_slot_state(slot) != tracer.state) return 0;
    return tracer.state == GMR_SLOT_NO_RESPONSE ||
           ((slot->wait.flags & refused) == refused && slot->known_registers != ALL_REGISTERS);
}

static long trace(long request, int32_t tid, uint64_t address, uint64_t data) GMR_SIGNAL_SAFE {
    return gmr_ss_syscall4(SYS_ptrace, request, tid, address, data);
}

static void fill(gmr_slot_t *slot, const struct user_regs_struct *now) GMR_SIGNAL_SAFE {
    const uint64_t registers[GMR_REGISTER_COUNT] = {
        now->rax, now->rdx, now->rcx, now->rbx, now->rsi, now->rdi, now->rbp, now->rsp, now->r8,
        now->r9,  now->r10, now->r11, now->r12, now->r13, now->r14, now->r15, now->rip};
    int is_captured = gmr_slot_state(slot) == GMR_SLOT_CAPTURED;
    /* Its stack was read somewhere else. */
    if (is_captured && (slot->registers[GMR_REG_RSP] != now->rsp || slot->registers[GMR_REG_RIP] != now->rip)) return;
    __builtin_memcpy(slot->registers, registers, sizeof registers);
    slot->known_registers = ALL_REGISTERS;
    if (is_captured) return;
    slot->method = GMR_CAPTURE_PTRACE;
    slot->problem_errno = -gmr_ss_copy_stack(slot, now->rsp, gmr_ss_gettid());
    gmr_slot_set_state(slot, GMR_SLOT_CAPTURED);
}

static void read_one(gmr_slot_t *slot) GMR_SIGNAL_SAFE {
    struct user_regs_struct now;
    int32_t status = 0;
    if (trace(PTRACE_SEIZE, slot->tid, 0, 0) < 0) return;
    if (trace(PTRACE_INTERRUPT, slot->tid, 0, 0) < 0) return; /* it has ended; so does the tracing */
    while (gmr_ss_syscall4(SYS_wait4, slot->tid, &status, __WALL, 0) == -EINTR) {
    }
    if (!WIFSTOPPED(status)) return;
    if (trace(PTRACE_GETREGS, slot->tid, 0, (uint64_t)&now) == 0) fill(slot, &now);
    /* A signal that came at this moment is the thread's own. */
    uint64_t signal = status >> 16 == 0 ? (uint64_t)WSTOPSIG(status) : 0;
    (void)trace(PTRACE_DETACH, slot->tid, 0, signal);
}

static void read_all(void) GMR_SIGNAL_SAFE {
    /* It shares the service's memory, and must not outlive it. */
    (void)gmr_ss_syscall3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    while (!gmr_load_acquire(&tracer.may_begin)) (void)gmr_ss_futex_wait(&tracer.may_begin, 0, 1000000000);
    gmr_arena_header_t *arena = tracer.arena;
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (is_wanted(slot)) read_one(slot);
    }
    gmr_ss_leave(0);
}

static int is_anybody_wanted(void) GMR_SIGNAL_SAFE {
    for (uint32_t i = 0; i < tracer.arena->slot_count; i++) {
        if (is_wanted(gmr_arena_slot(tracer.arena, i))) return 1;
    }
    return 0;
}

static void run(uint64_t patience_ns) GMR_SIGNAL_SAFE {
    uint64_t deadline = gmr_ss_clock_ns(CLOCK_MONOTONIC) + patience_ns;
    tracer.is_alive = 1;
    gmr_store_release(&tracer.may_begin, 0);
    long child = gmr_ss_clone_masked(CLONE_VM | CLONE_CHILD_CLEARTID, tracer.stack + STACK_BYTES, read_all, 0, 0,
                                     &tracer.is_alive);
    if (child < 0) return;
    /* Where Yama lets only ancestors trace. */
    (void)gmr_ss_syscall3(SYS_prctl, PR_SET_PTRACER, child, 0);
    gmr_store_release(&tracer.may_begin, 1);
    gmr_ss_futex_wake(&tracer.may_begin);
    while (gmr_load_acquire(&tracer.is_alive)) {
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        /* What it traces goes on when it is gone. */
        if (now >= deadline) (void)gmr_ss_syscall3(SYS_kill, child, SIGKILL, 0);
        (void)gmr_ss_futex_wait(&tracer.is_alive, 1, now < deadline ? deadline - now : 1000000);
    }
    (void)gmr_ss_syscall3(SYS_prctl, PR_SET_PTRACER, 0, 0);
    while (gmr_ss_syscall4(SYS_wait4, child, 0, __WALL, 0) == -EINTR) {
    }
}

static void trace_all(gmr_arena_header_t *arena, uint32_t state, uint64_t patience_ns) GMR_SIGNAL_SAFE {
    uint32_t pid = (uint32_t)gmr_ss_getpid(), holder = gmr_load_acquire(&tracer.holder);
    /* One that is left over is a parent's, which was forking. */
    if (holder == pid || !(gmr_safe_state.allowed & GMR_PROBE_PTRACE)) return;
    if (!__atomic_compare_exchange_n(&tracer.holder, &holder, pid, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
    tracer.arena = arena;
    tracer.state = state;
    if (is_anybody_wanted()) run(patience_ns);
    gmr_store_release(&tracer.holder, 0);
}

void gmr_ss_trace_silent(gmr_arena_header_t *arena, uint64_t patience_ns) GMR_SIGNAL_SAFE {
    trace_all(arena, GMR_SLOT_NO_RESPONSE, patience_ns);
}

void gmr_ss_trace_refused(gmr_arena_header_t *arena, uint64_t patience_ns) GMR_SIGNAL_SAFE {
    trace_all(arena, GMR_SLOT_CAPTURED, patience_ns);
}
