/*
 * gate.c: the only place where signal-safe code calls something the compiler cannot check.
 * Runs on any thread, in a handler.
 * A handler may run it: see the reason at each function in gate.h.
 */
#include "gate.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"

void gmr_ss_chain(const struct sigaction *previous, int signal, siginfo_t *info, void *context) GMR_SIGNAL_SAFE {
    if (previous->sa_flags & SA_SIGINFO) {
        if (previous->sa_sigaction) previous->sa_sigaction(signal, info, context);
    } else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
        previous->sa_handler(signal);
    }
}

#pragma clang diagnostic pop
