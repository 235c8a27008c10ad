/*
 * signals.c: stands in for the functions that set a signal's action, so that the program's handlers and GMR's share the
 * trigger signals from the first moment: GMR's stays in place, calls the program's, and the program sees its own.
 * Runs on any thread.
 * A handler may run sigaction(), as POSIX promises. The others may, after their first call.
 *
 * Rejected: looks by a thread, which find a new handler late, and need a thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>

#include "gmr_agent.h"

/* glibc's own sigaction(), under its other name. */
extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

typedef void gmr_handler_t(int);
typedef gmr_handler_t *gmr_signal_t(int, gmr_handler_t *);

int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
    return gmr_agent_share_signal(number, action, old) ? 0 : __sigaction(number, action, old);
}

static gmr_handler_t *set_handler(int number, gmr_handler_t *handler, int flags, const char *name,
                                  gmr_signal_t **next) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&action.sa_mask);
    if (gmr_agent_share_signal(number, &action, &old)) return old.sa_handler;
    gmr_signal_t *found = __atomic_load_n(next, __ATOMIC_RELAXED);
    if (!found) {
        found = (gmr_signal_t *)dlsym(RTLD_NEXT, name);
        __atomic_store_n(next, found, __ATOMIC_RELAXED);
    }
    if (found) return found(number, handler);
    errno = ENOSYS;
    return SIG_ERR;
}

gmr_handler_t *signal(int number, gmr_handler_t *handler) {
    static gmr_signal_t *next;
    return set_handler(number, handler, SA_RESTART, "signal", &next);
}

extern gmr_signal_t bsd_signal, ssignal;
gmr_handler_t *bsd_signal(int number, gmr_handler_t *handler) __attribute__((alias("signal")));
gmr_handler_t *ssignal(int number, gmr_handler_t *handler) __attribute__((alias("signal")));

/* What signal() is in programs that ask for System V. Its handlers serve once; here they go on. */
extern gmr_signal_t sysv_signal, __sysv_signal;
gmr_handler_t *sysv_signal(int number, gmr_handler_t *handler) {
    static gmr_signal_t *next;
    return set_handler(number, handler, SA_NODEFER, "sysv_signal", &next);
}
gmr_handler_t *__sysv_signal(int number, gmr_handler_t *handler) __attribute__((alias("sysv_signal")));
