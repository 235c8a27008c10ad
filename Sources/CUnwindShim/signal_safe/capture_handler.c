/*
 * capture_handler.c: a running thread writes its registers and stack into its slot and goes on.
 * gmr_ss_on_capture_signal runs on the captured thread; gmr_ss_ask on the agent thread.
 * A handler may run all of it: it does not wait, and its stack use is measured by the tests.
 */
#include <errno.h>
#include <ucontext.h>

#include "capture.h"
#include "gate.h"
#include "probe.h"
#include "syscalls_x86_64.h"

#define RED_ZONE_BYTES 128u
#define GUARD_PAGES 64u /* searched for the end of a stack */

/* Our signals carry cookie (32 bits), generation (20) and slot (12). */
#define GENERATION_MASK UINT32_C(0xfffff)
#define OUTSTANDING_COUNT UINT32_C(0x1fff) /* of 13 bits, below 19 of the generation */

static inline uint32_t outstanding_tag(uint32_t generation) GMR_SIGNAL_SAFE { return generation << 13; }

void gmr_ss_expect_answers(uint32_t generation) GMR_SIGNAL_SAFE {
    __atomic_store_n(&gmr_safe_state.outstanding, outstanding_tag(generation), __ATOMIC_RELEASE);
}

uint32_t gmr_ss_missing_answers(void) GMR_SIGNAL_SAFE {
    return __atomic_load_n(&gmr_safe_state.outstanding, __ATOMIC_ACQUIRE) & OUTSTANDING_COUNT;
}

void gmr_ss_count_answer(uint32_t generation) GMR_SIGNAL_SAFE {
    uint32_t word = __atomic_load_n(&gmr_safe_state.outstanding, __ATOMIC_ACQUIRE);
    do {
        if ((word & ~OUTSTANDING_COUNT) != outstanding_tag(generation) || !(word & OUTSTANDING_COUNT)) return;
    } while (!__atomic_compare_exchange_n(&gmr_safe_state.outstanding, &word, word - 1, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    if ((word & OUTSTANDING_COUNT) == 1) gmr_ss_futex_wake(&gmr_safe_state.outstanding);
}

static int send(gmr_slot_t *slot, uint32_t index) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    siginfo_t info;
    __builtin_memset(&info, 0, sizeof info);
    info.si_signo = GMR_CAPTURE_SIGNAL_NUMBER;
    info.si_code = SI_QUEUE;
    info.si_pid = state->pid;
    info.si_value.sival_ptr = (void *)((uint64_t)state->capture_cookie << 32 |
                                       (uint64_t)(slot->generation & GENERATION_MASK) << 12 | (index & 0xfff));
    return (int)gmr_ss_syscall4(SYS_rt_tgsigqueueinfo, state->pid, slot->tid, GMR_CAPTURE_SIGNAL_NUMBER, &info);
}

int gmr_ss_ask(int task_directory, gmr_slot_t *slot, uint32_t index) GMR_SIGNAL_SAFE {
    if (gmr_slot_state(slot) != GMR_SLOT_WAITING) {
        __atomic_fetch_add(&gmr_safe_state.outstanding, 1, __ATOMIC_ACQ_REL);
        gmr_slot_set_state(slot, GMR_SLOT_WAITING);
    }
    if (gmr_ss_masks_capture_signal(task_directory, slot->tid)) return 0;
    slot->flags |= GMR_SLOT_ASKED;
    int result = send(slot, index);
    if (result < 0) gmr_ss_count_answer(slot->generation);
    return result;
}

static long copy_from(gmr_slot_t *slot, uint64_t from, int32_t tid) GMR_SIGNAL_SAFE {
    if (tid == gmr_safe_state.agent_tid) {
        return gmr_ss_read_as_agent(from, gmr_slot_stack(slot), GMR_STACK_CAPACITY_BYTES);
    }
    /* In a handler there is only the one way: another thread's descriptor table is not the agent's. */
    if (!(gmr_safe_state.allowed & GMR_PROBE_VM_READ)) return -EPERM;
    return gmr_ss_read_memory(tid, from, gmr_slot_stack(slot), GMR_STACK_CAPACITY_BYTES);
}

int gmr_ss_copy_stack(gmr_slot_t *slot, uint64_t stack_pointer, int32_t tid) GMR_SIGNAL_SAFE {
    uint64_t from = stack_pointer - RED_ZONE_BYTES;
    long copied = copy_from(slot, from, tid);
    /* A stack that is used up ends above its pointer, which is in the pages that guard it. */
    for (unsigned page = 0; copied == -EFAULT && page < GUARD_PAGES; page++) {
        from = (from & ~(uint64_t)(GMR_PAGE_BYTES - 1)) + GMR_PAGE_BYTES;
        copied = copy_from(slot, from, tid);
    }
    if (copied <= 0) return copied < 0 ? (int)copied : -EFAULT;
    slot->stack_base = from;
    slot->stack_bytes = (uint32_t)copied;
    if (slot->stack_bytes == GMR_STACK_CAPACITY_BYTES) slot->flags |= GMR_SLOT_STACK_CUT;
    return 0;
}

/* The slot that this signal asks for and its generation, or NULL: not ours, or too late. `ours`: nobody else's handler
 * wants it. */
static gmr_slot_t *asked_slot(const siginfo_t *info, uint32_t *generation, int *ours) GMR_SIGNAL_SAFE {
    const gmr_safe_state_t *state = &gmr_safe_state;
    gmr_arena_header_t *arena = __atomic_load_n(&gmr_safe_state.arena, __ATOMIC_ACQUIRE);
    *ours = 0;
    if (!arena || !info) return NULL;
    /* The arena is not mapped in a fork child: there neither of the two conditions holds. */
    if (info->si_code == SI_QUEUE && info->si_pid == state->pid) {
        uint64_t ticket = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
        if (ticket >> 32 != state->capture_cookie) return NULL;
        *ours = 1;
        *generation = arena->generation;
        uint32_t index = (uint32_t)(ticket & 0xfff);
        int is_late = (*generation & GENERATION_MASK) != (ticket >> 12 & GENERATION_MASK);
        return is_late || index >= arena->slot_capacity ? NULL : gmr_arena_slot(arena, index);
    }
    /* RLIMIT_SIGPENDING used up: the kernel delivers the signal without its siginfo. */
    if (info->si_code == SI_USER && info->si_pid == 0 && gmr_ss_missing_answers() &&
        gmr_ss_getpid() == state->pid) {
        *generation = arena->generation;
        gmr_slot_t *slot = gmr_ss_slot_of(arena, gmr_ss_gettid());
        *ours = slot != NULL;
        return slot;
    }
    return NULL;
}

/* gregs in the order of gmr_slot_t.registers. */
static const uint8_t greg[GMR_REGISTER_COUNT] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                 REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                 REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

void gmr_ss_copy_registers(uint64_t *registers, const void *context) GMR_SIGNAL_SAFE {
    const ucontext_t *interrupted = context;
    for (unsigned i = 0; i < GMR_REGISTER_COUNT; i++) {
        registers[i] = (uint64_t)interrupted->uc_mcontext.gregs[greg[i]];
    }
}

static void fill(gmr_slot_t *slot, const ucontext_t *context) GMR_SIGNAL_SAFE {
    gmr_ss_copy_registers(slot->registers, context);
    slot->known_registers = (1u << GMR_REGISTER_COUNT) - 1;
    slot->method = GMR_CAPTURE_SIGNAL;
    /* Without a stack (a stack pointer that points nowhere) the registers still say where the thread is. */
    slot->problem_errno = -gmr_ss_copy_stack(slot, slot->registers[GMR_REG_RSP], slot->tid);
}

void gmr_ss_on_capture_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    int ours;
    uint32_t generation;
    gmr_slot_t *slot = asked_slot(info, &generation, &ours);
    if (!slot) {
        if (!ours) gmr_ss_chain(signal, info, context);
        return;
    }
    /* The slot is ours now: the agent does not touch it until it is CAPTURED. Fails where the agent has given up, or
     * where the slot serves another capture by now. */
    if (!gmr_slot_move(slot, generation, GMR_SLOT_WAITING, GMR_SLOT_FILLING)) return;
    fill(slot, context);
    (void)gmr_slot_move(slot, generation, GMR_SLOT_FILLING, GMR_SLOT_CAPTURED);
    gmr_ss_count_answer(generation);
}
