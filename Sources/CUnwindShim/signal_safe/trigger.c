/*
 * trigger.c: posts triggers from a signal handler or a thread; the agent thread takes them.
 * gmr_ss_on_trigger_signal and gmr_ss_post_trigger run on any thread, gmr_ss_take_triggers on the agent thread.
 * A handler may run all of it.
 */
#include "trigger.h"

#include "gate.h"
#include "on_demand.h"
#include "syscalls_x86_64.h"

gmr_safe_state_t gmr_safe_state;

void gmr_ss_post_trigger(uint32_t kind, int32_t signal, int32_t sender_pid) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint32_t ticket = __atomic_fetch_add(&state->tickets, 1, __ATOMIC_RELAXED);
    gmr_trigger_t *record = &state->ring[ticket % GMR_TRIGGER_RING_COUNT];
    record->kind = kind;
    record->signal = signal;
    record->sender_pid = sender_pid;
    record->time_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    gmr_store_release(&record->sequence, ticket + 1);
    __atomic_fetch_or(&state->pending_kinds, 1u << kind, __ATOMIC_RELEASE);
    __atomic_fetch_add(&state->posted, 1, __ATOMIC_ACQ_REL);
    gmr_ss_futex_wake(&state->posted);
}

/* The oldest record since the last report. It only says who asked: that somebody did is in `pending_kinds`. */
static int first_record(gmr_trigger_t *first) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint32_t end = __atomic_load_n(&state->tickets, __ATOMIC_RELAXED);
    uint32_t count = end - state->taken_tickets;
    if (count > GMR_TRIGGER_RING_COUNT) count = GMR_TRIGGER_RING_COUNT;
    state->taken_tickets = end;
    for (uint32_t ticket = end - count; ticket != end; ticket++) {
        const gmr_trigger_t *record = &state->ring[ticket % GMR_TRIGGER_RING_COUNT];
        if (gmr_load_acquire(&record->sequence) != ticket + 1) continue;
        *first = *record;
        return 1;
    }
    return 0;
}

uint32_t gmr_ss_take_triggers(gmr_trigger_t *first, uint32_t *kinds, uint32_t *more) GMR_SIGNAL_SAFE {
    gmr_safe_state_t *state = &gmr_safe_state;
    uint32_t posted = __atomic_load_n(&state->posted, __ATOMIC_ACQUIRE);
    uint32_t count = posted - state->taken;
    state->taken = posted;
    /* A bit may come before its count: then this report answers it, and the count alone asks for nothing more. */
    *kinds = __atomic_exchange_n(&state->pending_kinds, 0, __ATOMIC_ACQ_REL);
    if (*kinds == 0) return 0;
    if (!first_record(first)) {
        *first = (gmr_trigger_t){.kind = (uint32_t)__builtin_ctz(*kinds), .time_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC)};
    }
    *more = count > 0 ? count - 1 : 0;
    return 1;
}

void gmr_ss_trigger_in_handler(uint32_t kind, int32_t signal, int32_t sender_pid) GMR_SIGNAL_SAFE {
    /* release: pairs with the acquire in wait_for_trigger_handlers() */
    __atomic_fetch_add(&gmr_safe_state.trigger_handlers, 1, __ATOMIC_ACQ_REL);
    /* A child of vfork() has its parent's memory, but the parent was not asked. */
    if (!gmr_ss_is_vfork_child()) {
        gmr_ss_post_trigger(kind, signal, sender_pid);
        gmr_ss_start_on_demand();
    }
    __atomic_fetch_sub(&gmr_safe_state.trigger_handlers, 1, __ATOMIC_RELEASE);
}

void gmr_ss_on_trigger_signal(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    /* No libc call in here touches errno: gmr_ss_* are raw system calls. */
    int32_t sender = info && (info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL)
                         ? info->si_pid
                         : 0;
    gmr_ss_trigger_in_handler(GMR_TRIGGER_SIGNAL, signal, sender);
    gmr_ss_chain(signal, info, context);
}
