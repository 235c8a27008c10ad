/*
 * crash.c: from a fault to its report, and on to the end that the fault would have had without one.
 * gmr_ss_on_crash_signal runs on the thread that crashed, on its alternate stack where it has one; gmr_ss_answer_crash
 * on the agent thread.
 * A handler may run all of it. This is the one handler that waits, and it waits with a time limit.
 */
#include "crash.h"

#include <errno.h>
#include <unistd.h>

#include "capture.h"
#include "on_demand.h"
#include "raw_report.h"
#include "syscalls_x86_64.h"
#include "thread_descriptor.h"
#include "trigger.h"

#define REPORT_PATIENCE_NS UINT64_C(10000000000)
#define SECCOMP_CODE 1 /* SYS_SECCOMP in the kernel's siginfo.h, which libc lacks */
#define BIT(signal) (UINT64_C(1) << ((signal) - 1))
#define END_PATIENCE_NS UINT64_C(2000000000) /* between a report and the end of the process */

/* What the crashed thread does, in this order. Where a step crashes in turn, the handler runs again on the same thread
 * and goes on with the next one. What is said briefly is said without the arena, which may be what is broken. */
enum { NOTHING, REMEMBERING, SAYING, SAYING_BRIEFLY, ASKING, AWAITING, WRITING, WRITING_BRIEFLY, DONE };

static int is_first(uint32_t stage) GMR_SIGNAL_SAFE {
    if (gmr_safe_state.crash_stage >= stage) return 0;
    gmr_safe_state.crash_stage = stage;
    return 1;
}

/* si_addr is an address for what the processor found, not for what the kernel or a process sent. */
static int has_address(const siginfo_t *info) GMR_SIGNAL_SAFE {
    const uint64_t with_address = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP);
    return info->si_code > 0 && info->si_code != SI_KERNEL && with_address & BIT(info->si_signo);
}

static void remember(const siginfo_t *info, const void *context) GMR_SIGNAL_SAFE {
    gmr_crash_t *crash = &gmr_safe_state.crash;
    __builtin_memset(crash, 0, sizeof *crash);
    crash->tid = gmr_ss_gettid();
    crash->code = info->si_code;
    crash->sender_pid = info->si_code <= 0 ? info->si_pid : 0;
    if (has_address(info)) {
        crash->address = (uint64_t)info->si_addr;
        crash->flags |= GMR_CRASH_ADDRESS;
    }
    crash->thread_pointer = gmr_ss_thread_pointer();
    gmr_ss_copy_registers(crash->registers, context);
    crash->signal = info->si_signo;
}

/* Until the agent says something. Returns GMR_CRASH_*. */
static uint32_t await_answer(uint64_t patience_ns) GMR_SIGNAL_SAFE {
    uint32_t *answered = &gmr_safe_state.crash_answered;
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + patience_ns;
    for (;;) {
        uint32_t answer = gmr_load_acquire(answered);
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (answer != GMR_CRASH_PENDING || now >= end) return answer;
        (void)gmr_ss_futex_wait(answered, GMR_CRASH_PENDING, end - now);
    }
}

/* Where this is the process that it is mapped in; else NULL. */
static const gmr_arena_header_t *own_arena(void) GMR_SIGNAL_SAFE {
    const gmr_arena_header_t *arena = __atomic_load_n(&gmr_safe_state.arena, __ATOMIC_ACQUIRE);
    return arena && gmr_safe_state.arena_pid == (int32_t)gmr_ss_syscall1(SYS_getpid, 0) ? arena : 0;
}

/* The application's standard error; the agent has a descriptor table of its own. */
static int error_descriptor(void) GMR_SIGNAL_SAFE {
    if (gmr_safe_state.crash.tid != gmr_safe_state.agent_tid) return STDERR_FILENO;
    long owner = gmr_ss_syscall3(SYS_pidfd_open, gmr_ss_syscall1(SYS_getpid, 0), 0, 0);
    long fetched = gmr_ss_syscall3(SYS_pidfd_getfd, owner, STDERR_FILENO, 0);
    return fetched >= 0 ? (int)fetched : STDERR_FILENO;
}

static void report(const siginfo_t *info, const void *context) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    if (is_first(REMEMBERING)) remember(info, context);
    if (is_first(SAYING)) {
        gmr_ss_raw_line(&state->crash, own_arena(), error_descriptor());
        state->crash_stage = SAYING_BRIEFLY;
    }
    if (is_first(SAYING_BRIEFLY)) gmr_ss_raw_line(&state->crash, 0, error_descriptor());
    int is_agent = state->crash.tid == state->agent_tid;
    if (!is_agent && is_first(ASKING)) {
        gmr_ss_trigger_in_handler(GMR_TRIGGER_CRASH, state->crash.signal, state->crash.sender_pid);
    }
    if (!is_agent && is_first(AWAITING)) (void)await_answer(REPORT_PATIENCE_NS);
    if (gmr_load_acquire(&state->crash_answered) == GMR_CRASH_REPORTED) return;
    if (is_first(WRITING)) {
        gmr_ss_raw_crash(&state->crash, own_arena(), error_descriptor(), 0);
        state->crash_stage = DONE;
    }
    if (is_first(WRITING_BRIEFLY)) gmr_ss_raw_crash(&state->crash, 0, error_descriptor(), 0);
}

/* Whether this process is the one that reports are set up for, or a fork child that answers too. */
static int has_agent(void) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    if (!gmr_load_acquire(&state->installed)) return 0;
    if (state->pid == (int32_t)gmr_ss_syscall1(SYS_getpid, 0)) return 1;
    return !gmr_ss_is_vfork_child() && gmr_ss_answers_on_demand();
}

/* Raised by the instruction itself, which is about to be executed again. */
static int is_of_instruction(const siginfo_t *info) GMR_SIGNAL_SAFE {
    const uint64_t faults = BIT(SIGSEGV) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGBUS);
    int is_of_memory_elsewhere = info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO;
    return info->si_code > 0 && faults & BIT(info->si_signo) && !is_of_memory_elsewhere;
}

/* Puts the instruction pointer back where the instruction was completed before the signal: a breakpoint, and a call
 * that a seccomp filter turned into a signal. */
static int is_repeatable(const siginfo_t *info, ucontext_t *context) GMR_SIGNAL_SAFE {
    greg_t *registers = context->uc_mcontext.gregs;
    uint8_t code[2] = {0, 0};
    uint64_t next = (uint64_t)registers[REG_RIP];
    if (gmr_ss_read_memory(gmr_ss_gettid(), next - 2, code, sizeof code) != sizeof code) return 0;
    if (info->si_signo == SIGTRAP && info->si_code == SI_KERNEL && code[1] == 0xcc) {
        registers[REG_RIP] = (greg_t)(next - 1);
        return 1;
    }
    if (info->si_signo == SIGSYS && info->si_code == SECCOMP_CODE && code[0] == 0x0f && code[1] == 0x05) {
        registers[REG_RIP] = (greg_t)(next - 2);
        registers[REG_RAX] = info->si_syscall;
        return 1;
    }
    return 0;
}

/* Who sent a signal is not there to send it again: it goes to the thread once more, with all that came with it, as soon
 * as this handler returns. */
static void send_again(siginfo_t *info) GMR_SIGNAL_SAFE {
    uint64_t mask = BIT(info->si_signo);
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, sizeof mask);
    long pid = gmr_ss_syscall1(SYS_getpid, 0);
    (void)gmr_ss_syscall4(SYS_rt_tgsigqueueinfo, pid, gmr_ss_gettid(), info->si_signo, info);
}

/* The kernel's own form of a signal's action. */
typedef struct {
    void *handler;
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
} kernel_action_t;

static void put_back(int signal) GMR_SIGNAL_SAFE {
    const struct sigaction *previous = gmr_ss_previous(signal);
    kernel_action_t action = {
        .handler = (void *)previous->sa_sigaction, .flags = (uint32_t)previous->sa_flags, previous->sa_restorer, 0};
    __builtin_memcpy(&action.mask, &previous->sa_mask, sizeof action.mask);
    (void)gmr_ss_syscall4(SYS_rt_sigaction, signal, &action, 0, sizeof action.mask);
}

void gmr_ss_on_crash_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    if (has_agent()) {
        int32_t self = gmr_ss_gettid(), owner = 0;
        if (__atomic_compare_exchange_n(&state->crash_owner, &owner, self, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            owner == self) {
            report(info, context);
        } else {
            if (self == state->agent_tid) gmr_ss_answer_crash(GMR_CRASH_ABANDONED);
            /* The other one ends the process. */
            (void)await_answer(REPORT_PATIENCE_NS);
            uint32_t never = 0;
            (void)gmr_ss_futex_wait(&never, 0, END_PATIENCE_NS);
        }
    }
    put_back(signal);
    if (!is_of_instruction(info) && !is_repeatable(info, context)) send_again(info);
}

void gmr_ss_answer_crash(uint32_t answer) GMR_SIGNAL_SAFE {
    if (!__atomic_load_n(&gmr_safe_state.crash_owner, __ATOMIC_ACQUIRE)) return;
    gmr_store_release(&gmr_safe_state.crash_answered, answer);
    gmr_ss_futex_wake(&gmr_safe_state.crash_answered);
}
