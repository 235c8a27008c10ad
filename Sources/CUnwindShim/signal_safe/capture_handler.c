/*
 * capture_handler.c: a running thread writes its registers and stack into its slot and goes on.
 * gmr_ss_on_capture_signal runs on the captured thread; gmr_ss_ask on the agent thread.
 * A handler may run all of it: it does not wait, and its stack use is measured by the tests.
 */
#include <errno.h>
#include <ucontext.h>

#include "capture.h"
#include "gate.h"
#include "syscalls_x86_64.h"

#define RED_ZONE_BYTES 128u

/* Our signals carry cookie (32 bits), generation (20) and slot (12). */
static inline uint64_t ticket_of(uint32_t cookie, uint32_t generation, uint32_t index) GMR_SIGNAL_SAFE {
    return (uint64_t)cookie << 32 | (uint64_t)(generation & 0xfffff) << 12 | (index & 0xfff);
}

int gmr_ss_ask(gmr_slot_t *slot, uint32_t index) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    siginfo_t info;
    __builtin_memset(&info, 0, sizeof info);
    info.si_signo = GMR_CAPTURE_SIGNAL_NUMBER;
    info.si_code = SI_QUEUE;
    info.si_pid = state->pid;
    info.si_value.sival_ptr = (void *)ticket_of(state->capture_cookie, slot->generation, index);
    __atomic_fetch_add(&state->outstanding, 1, __ATOMIC_ACQ_REL);
    gmr_store_release(&slot->state, GMR_SLOT_WAITING);
    long result = gmr_ss_syscall4(SYS_rt_tgsigqueueinfo, state->pid, slot->tid, GMR_CAPTURE_SIGNAL_NUMBER, &info);
    if (result < 0) __atomic_fetch_sub(&state->outstanding, 1, __ATOMIC_ACQ_REL);
    return (int)result;
}

int gmr_ss_copy_stack(gmr_slot_t *slot, uint64_t stack_pointer, int32_t tid) GMR_SIGNAL_SAFE {
    uint64_t from = stack_pointer - RED_ZONE_BYTES;
    long copied = gmr_ss_read_memory(tid, from, gmr_slot_stack(slot), GMR_STACK_CAPACITY_BYTES);
    if (copied <= 0) return copied < 0 ? (int)copied : -EFAULT;
    slot->stack_base = from;
    slot->stack_bytes = (uint32_t)copied;
    if (slot->stack_bytes == GMR_STACK_CAPACITY_BYTES) slot->flags |= GMR_SLOT_STACK_CUT;
    return 0;
}

/* The slot that this signal asks for, or NULL: not ours, or too late. `ours`: nobody else's handler wants it. */
static gmr_slot_t *asked_slot(const siginfo_t *info, int *ours) GMR_SIGNAL_SAFE {
    const gmr_safe_state_t *state = &gmr_safe_state;
    gmr_arena_header_t *arena = state->arena;
    *ours = 0;
    if (!arena || !info) return NULL;
    if (info->si_code == SI_QUEUE && info->si_pid == state->pid) {
        uint64_t ticket = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
        if (ticket >> 32 != state->capture_cookie) return NULL;
        *ours = 1;
        uint32_t index = (uint32_t)(ticket & 0xfff);
        if (index >= arena->slot_capacity) return NULL;
        gmr_slot_t *slot = gmr_arena_slot(arena, index);
        return (slot->generation & 0xfffff) == (ticket >> 12 & 0xfffff) ? slot : NULL;
    }
    /* RLIMIT_SIGPENDING used up: the kernel delivers the signal without its siginfo. */
    if (info->si_code == SI_USER && info->si_pid == 0 && __atomic_load_n(&state->outstanding, __ATOMIC_ACQUIRE)) {
        int32_t tid = gmr_ss_gettid();
        for (uint32_t i = 0; i < arena->slot_count; i++) {
            gmr_slot_t *slot = gmr_arena_slot(arena, i);
            if (slot->tid != tid || slot->generation != arena->generation) continue;
            *ours = 1;
            return slot;
        }
    }
    return NULL;
}

/* gregs in the order of gmr_slot_t.registers. */
static const uint8_t greg[GMR_REGISTER_COUNT] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                 REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                 REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

static void fill(gmr_slot_t *slot, const ucontext_t *context) GMR_SIGNAL_SAFE {
    for (unsigned i = 0; i < GMR_REGISTER_COUNT; i++) {
        slot->registers[i] = (uint64_t)context->uc_mcontext.gregs[greg[i]];
    }
    slot->known_registers = (1u << GMR_REGISTER_COUNT) - 1;
    slot->method = GMR_CAPTURE_SIGNAL;
    /* Without a stack (a stack pointer that points nowhere) the registers still say where the thread is. */
    slot->problem_errno = -gmr_ss_copy_stack(slot, slot->registers[GMR_REG_RSP], slot->tid);
}

void gmr_ss_on_capture_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    int ours;
    gmr_slot_t *slot = asked_slot(info, &ours);
    if (!slot) {
        if (!ours) gmr_ss_chain(signal, info, context);
        return;
    }
    uint32_t waiting = GMR_SLOT_WAITING;
    /* acquire: the slot is ours now; the agent does not touch it until it is CAPTURED again. */
    if (!__atomic_compare_exchange_n(&slot->state, &waiting, GMR_SLOT_FILLING, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        return;
    }
    fill(slot, context);
    gmr_store_release(&slot->state, GMR_SLOT_CAPTURED);
    /* acq_rel: pairs with the agent's wait; the last one to answer wakes it. */
    if (__atomic_sub_fetch(&gmr_safe_state.outstanding, 1, __ATOMIC_ACQ_REL) == 0) {
        gmr_ss_futex_wake(&gmr_safe_state.outstanding);
    }
}
