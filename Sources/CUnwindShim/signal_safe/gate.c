/*
 * gate.c: the only place where signal-safe code calls something the compiler cannot check.
 * Runs on any thread, in a handler.
 * A handler may run it: see the reason at each function in gate.h.
 */
#include "gate.h"

#include "syscalls_x86_64.h"

#define CHAINING_COUNT 64u

/* Threads that are inside a chained handler, so that two handlers that call each other come to an end. A handler that
 * leaves with longjmp keeps its entry: its thread's signals are then no longer passed on, which beats a recursion. */
static int32_t chaining[CHAINING_COUNT]; /* tid << 7 | signal, below zero the second time round; 0: free */

/* The entry taken for `inside`, a thread and a signal; -1 where it is there already, -2 where the table is full. */
static int enter(int32_t inside) GMR_SIGNAL_SAFE {
    int free_entry = -2;
    for (int i = 0; i < (int)CHAINING_COUNT; i++) {
        int32_t entry = __atomic_load_n(&chaining[i], __ATOMIC_RELAXED);
        if (entry == inside) return -1;
        if (entry == 0 && free_entry < 0) free_entry = i;
    }
    int32_t none = 0;
    if (free_entry < 0) return -2;
    /* relaxed: only this thread looks for its own number. */
    if (__atomic_compare_exchange_n(&chaining[free_entry], &none, inside, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        return free_entry;
    }
    return -2;
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"

static void call_previous(const struct sigaction *previous, int signal, siginfo_t *info,
                          void *context) GMR_SIGNAL_SAFE {
    if (previous->sa_flags & SA_SIGINFO) {
        if (previous->sa_sigaction) previous->sa_sigaction(signal, info, context);
    } else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
        previous->sa_handler(signal);
    }
}

#pragma clang diagnostic pop

void gmr_ss_chain(int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    if (signal < 1 || signal > 64) return;
    const struct sigaction *previous = gmr_ss_previous(signal), *first = &gmr_safe_state.first_previous[signal];
    if (!gmr_safe_state.may_call_ours[signal]) {
        call_previous(previous, signal, info, context);
        return;
    }
    int32_t inside = gmr_ss_gettid() << 7 | signal; /* a tid has 22 bits */
    int entry = enter(inside);
    if (entry == -1) {
        if (previous->sa_handler == first->sa_handler) return;
        previous = first;
        entry = enter(-inside);
        if (entry == -1) return;
    }
    call_previous(previous, signal, info, context);
    if (entry >= 0) __atomic_store_n(&chaining[entry], 0, __ATOMIC_RELAXED);
}
