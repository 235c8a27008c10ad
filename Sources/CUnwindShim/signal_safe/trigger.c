/*
 * trigger.c: posts triggers from a signal handler or a thread; the agent thread takes them.
 * gmr_ss_on_trigger_signal and gmr_ss_post_trigger run on any thread, gmr_ss_take_triggers on the agent thread.
 * A handler may run all of it.
 */
#include "trigger.h"

#include "gate.h"
#include "syscalls_x86_64.h"

gmr_safe_state_t gmr_safe_state;

void gmr_ss_post_trigger(uint32_t kind, int32_t signal, int32_t sender_pid) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint32_t ticket = __atomic_fetch_add(&state->posted, 1, __ATOMIC_ACQ_REL);
    gmr_trigger_t *record = &state->ring[ticket % GMR_TRIGGER_RING_COUNT];
    record->kind = kind;
    record->signal = signal;
    record->sender_pid = sender_pid;
    record->time_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    gmr_store_release(&record->sequence, ticket + 1);
    gmr_ss_futex_wake(&state->posted);
}

uint32_t gmr_ss_take_triggers(gmr_trigger_t *first, uint32_t *kinds, uint32_t *more) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint32_t posted = __atomic_load_n(&state->posted, __ATOMIC_ACQUIRE);
    uint32_t count = posted - state->taken;
    if (count == 0) return 0;
    *kinds = 0;
    uint32_t described = 0;
    /* Only the last GMR_TRIGGER_RING_COUNT records still stand; the count is exact in any case. */
    uint32_t from = count > GMR_TRIGGER_RING_COUNT ? posted - GMR_TRIGGER_RING_COUNT : state->taken;
    for (uint32_t ticket = from; ticket != posted; ticket++) {
        const gmr_trigger_t *record = &state->ring[ticket % GMR_TRIGGER_RING_COUNT];
        /* A poster interrupted between its ticket and its record is counted, and described by the others. */
        if (gmr_load_acquire(&record->sequence) != ticket + 1) continue;
        *kinds |= 1u << record->kind;
        if (described++ == 0) *first = *record;
    }
    if (described == 0) {
        *kinds = 1u << GMR_TRIGGER_SIGNAL;
        *first = (gmr_trigger_t){.kind = GMR_TRIGGER_SIGNAL, .time_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC)};
    }
    *more = count - 1;
    state->taken = posted;
    return count;
}

void gmr_ss_on_trigger_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    /* No libc call in here touches errno: gmr_ss_* are raw system calls. */
    int32_t sender = info && (info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL)
                         ? info->si_pid
                         : 0;
    gmr_ss_post_trigger(GMR_TRIGGER_SIGNAL, signal, sender);
    if (signal > 0 && signal < 65) {
        gmr_ss_chain(&gmr_safe_state.previous[signal], signal, info, context);
    }
}
