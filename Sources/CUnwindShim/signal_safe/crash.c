/*
 * crash.c: from a fault to its report, and on to the end that the fault would have had without one.
 * gmr_ss_on_crash_signal runs on the thread that crashed, on its alternate stack where it has one; gmr_ss_answer_crash
 * on the agent thread.
 * A handler may run all of it. This is the one handler that waits, and it waits with a time limit.
 */
#include "crash.h"

#include <unistd.h>

#include "capture.h"
#include "clone_x86_64.h"
#include "on_demand.h"
#include "raw_report.h"
#include "syscalls_x86_64.h"
#include "thread_descriptor.h"
#include "trigger.h"

#define BIT(signal) (UINT64_C(1) << ((signal) - 1))
#define END_PATIENCE_NS UINT64_C(200000000) /* between a report and the end of the process */

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

/* Until the agent says something. */
static void await_answer(void) GMR_SIGNAL_SAFE {
    uint32_t *answered = &gmr_safe_state.crash_answered;
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + gmr_safe_state.crash_patience_ns, now;
    while (gmr_load_acquire(answered) == GMR_CRASH_PENDING && (now = gmr_ss_clock_ns(CLOCK_MONOTONIC)) < end) {
        (void)gmr_ss_futex_wait(answered, GMR_CRASH_PENDING, end - now);
    }
}

/* The application's standard error; the agent has a descriptor table of its own. */
static int error_descriptor(void) GMR_SIGNAL_SAFE {
    if (gmr_safe_state.crash.tid != gmr_safe_state.agent_tid) return STDERR_FILENO;
    long owner = gmr_ss_syscall3(SYS_pidfd_open, gmr_ss_getpid(), 0, 0);
    long fetched = gmr_ss_syscall3(SYS_pidfd_getfd, owner, STDERR_FILENO, 0);
    return fetched >= 0 ? (int)fetched : STDERR_FILENO;
}

static void report(const siginfo_t *info, const void *context) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    if (is_first(REMEMBERING)) remember(info, context);
    if (is_first(SAYING)) {
        gmr_ss_raw_line(&state->crash, gmr_ss_own_arena(), error_descriptor());
        state->crash_stage = SAYING_BRIEFLY;
    }
    if (is_first(SAYING_BRIEFLY)) gmr_ss_raw_line(&state->crash, 0, error_descriptor());
    int is_agent = state->crash.tid == state->agent_tid;
    if (!is_agent && is_first(ASKING)) {
        gmr_ss_trigger_in_handler(GMR_TRIGGER_CRASH, state->crash.signal, state->crash.sender_pid);
    }
    if (!is_agent && is_first(AWAITING)) await_answer();
    if (gmr_load_acquire(&state->crash_answered) == GMR_CRASH_REPORTED) return;
    if (is_first(WRITING)) {
        gmr_ss_raw_crash(&state->crash, gmr_ss_own_arena(), error_descriptor());
        state->crash_stage = DONE;
    }
    if (is_first(WRITING_BRIEFLY)) gmr_ss_raw_crash(&state->crash, 0, error_descriptor());
}

/* Whether this process is the one that reports are set up for, or a fork child that answers too. */
static int has_agent(void) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    if (!gmr_load_acquire(&state->installed)) return 0;
    if (state->pid == gmr_ss_getpid()) return 1;
    return !gmr_ss_is_vfork_child() && gmr_ss_answers_on_demand();
}

/* The half of the owner that is waited for. */
static uint32_t *owner_tid(void) GMR_SIGNAL_SAFE { return (uint32_t *)&gmr_safe_state.crash_owner; }

/* Becomes the thread whose crash is reported. 1: it is, or has been before it crashed in here; 0: another one is, and
 * the process does not end. */
static int claim(int32_t self) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint64_t end = gmr_ss_clock_ns(CLOCK_MONOTONIC) + state->crash_patience_ns + END_PATIENCE_NS;
    uint64_t pid = (uint64_t)gmr_ss_getpid(), own = pid << 32 | (uint32_t)self;
    uint32_t never = 0;
    for (;;) {
        uint64_t owner = __atomic_load_n(&state->crash_owner, __ATOMIC_ACQUIRE);
        if (owner == own) return 1;
        /* A fork child has a copy of what its parent was at. */
        int is_free = owner == 0 || owner >> 32 != pid;
        if (is_free && __atomic_compare_exchange_n(&state->crash_owner, &owner, own, 0, __ATOMIC_ACQ_REL,
                                                   __ATOMIC_ACQUIRE)) {
            state->crash_stage = NOTHING;
            gmr_store_release(&state->crash_answered, GMR_CRASH_PENDING);
            return 1;
        }
        if (is_free) continue; /* somebody else was faster: once for each thread */
        if (self == state->agent_tid) gmr_ss_answer_crash(GMR_CRASH_ABANDONED);
        uint64_t now = gmr_ss_clock_ns(CLOCK_MONOTONIC);
        if (now >= end) return 0;
        (void)gmr_ss_futex_wait(owner_tid(), (uint32_t)owner, end - now);
        /* That is the end of the process, unless an earlier handler has mended what was wrong. */
        (void)gmr_ss_futex_wait(&never, 0, END_PATIENCE_NS);
    }
}

static uint64_t interrupted(const void *context, int which) GMR_SIGNAL_SAFE {
    return (uint64_t)((const ucontext_t *)context)->uc_mcontext.gregs[which];
}

static void release(const void *context) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    state->crash_last_tid = gmr_ss_gettid();
    state->crash_last_rip = interrupted(context, REG_RIP);
    state->crash_last_rsp = interrupted(context, REG_RSP);
    __atomic_store_n(&state->crash_owner, 0, __ATOMIC_RELEASE);
    gmr_ss_futex_wake(owner_tid());
}

/* The same crash once more: an earlier handler has called this one, which somebody put there twice; or abort() goes on
 * to an instruction that faults, because the first process of a namespace is not ended by a signal of its own. */
static int is_known(const siginfo_t *info, const void *context) GMR_SIGNAL_SAFE {
    const gmr_safe_state_t *state = &gmr_safe_state;
    if (state->crash_last_tid != gmr_ss_gettid()) return 0;
    int is_end_of_abort =
        state->crash.signal == SIGABRT && info->si_signo == SIGSEGV && info->si_code == SI_KERNEL;
    return is_end_of_abort || (state->crash_last_rip == interrupted(context, REG_RIP) &&
                               state->crash_last_rsp == interrupted(context, REG_RSP));
}

/* The first process of a namespace does not notice such a signal of others, if it has no handler. */
static int is_unnoticed(const siginfo_t *info) GMR_SIGNAL_SAFE {
    const struct sigaction *previous = gmr_ss_previous(info->si_signo);
    int is_default = !(previous->sa_flags & SA_SIGINFO) && previous->sa_handler == SIG_DFL;
    return is_default && info->si_code <= 0 && info->si_pid != 1 && gmr_ss_getpid() == 1;
}

/* The kernel's own form of a signal's action. */
typedef struct {
    void *handler;
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
} kernel_action_t;

static void put_back(int signal, const struct sigaction *previous) GMR_SIGNAL_SAFE {
    kernel_action_t action = {
        .handler = (void *)previous->sa_sigaction, .flags = (uint32_t)previous->sa_flags, previous->sa_restorer, 0};
    __builtin_memcpy(&action.mask, &previous->sa_mask, sizeof action.mask);
    (void)gmr_ss_syscall4(SYS_rt_sigaction, signal, &action, 0, sizeof action.mask);
}

/* The signal comes once more, with all that came with it, as soon as this handler returns and before the thread does
 * anything: left to the instruction, the fault may not happen again, and a sender is not there to send again. Only the
 * first process of a namespace, which the kernel keeps from what it sends to itself, depends on the instruction. */
static void send_again(siginfo_t *info) GMR_SIGNAL_SAFE {
    uint64_t mask = BIT(info->si_signo);
    const uint64_t of_instruction = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE);
    long pid = gmr_ss_getpid();
    if (pid == 1 && info->si_code > 0) {
        if (of_instruction & mask) return;
        gmr_ss_leave(128 + info->si_signo);
    }
    (void)gmr_ss_syscall4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, sizeof mask);
    (void)gmr_ss_syscall4(SYS_rt_tgsigqueueinfo, pid, gmr_ss_gettid(), info->si_signo, info);
}

void gmr_ss_on_crash_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    if (is_unnoticed(info)) return;
    int known = is_known(info, context);
    if (!known && has_agent() && claim(gmr_ss_gettid())) {
        report(info, context);
        release(context);
    }
    put_back(signal, known ? &gmr_safe_state.first_previous[signal] : gmr_ss_previous(signal));
    send_again(info);
}

void gmr_ss_answer_crash(uint32_t answer) GMR_SIGNAL_SAFE {
    if (!__atomic_load_n(&gmr_safe_state.crash_owner, __ATOMIC_ACQUIRE)) return;
    gmr_store_release(&gmr_safe_state.crash_answered, answer);
    gmr_ss_futex_wake(&gmr_safe_state.crash_answered);
}
