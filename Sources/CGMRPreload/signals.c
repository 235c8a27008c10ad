/*
 * signals.c: stands in for the functions that set a signal's action, so that the program's handlers and GMR's share the
 * trigger signals from the first moment: GMR's stays in place, calls the program's, and the program sees its own.
 * Runs on any thread.
 * A handler may run all of it, as POSIX promises of sigaction() and signal().
 *
 * Rejected: looks by a thread, which find a new handler late, and need a thread.
 */
#include <errno.h>
#include <signal.h>

#include "gmr_agent.h"

/* glibc's own sigaction(), under its other name. */
extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

typedef void gmr_handler_t(int);

static uint8_t interrupts[65]; /* by siginterrupt(): calls fail with EINTR behind handlers of signal() */

int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
    if (gmr_agent_share_signal(number, action, old)) return 0;
    int result = __sigaction(number, action, old);
    if (result == 0 && old) gmr_agent_hide_crash_handler(number, old);
    return result;
}

static gmr_handler_t *set_handler(int number, gmr_handler_t *handler, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&action.sa_mask);
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    return sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

gmr_handler_t *signal(int number, gmr_handler_t *handler) {
    int is_interrupting = number > 0 && number <= 64 && interrupts[number];
    return set_handler(number, handler, is_interrupting ? 0 : SA_RESTART);
}

extern gmr_handler_t *bsd_signal(int, gmr_handler_t *), *ssignal(int, gmr_handler_t *);
gmr_handler_t *bsd_signal(int number, gmr_handler_t *handler) __attribute__((alias("signal")));
gmr_handler_t *ssignal(int number, gmr_handler_t *handler) __attribute__((alias("signal")));

int siginterrupt(int number, int is_interrupting) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) return -1;
    interrupts[number] = is_interrupting != 0;
    action.sa_flags = is_interrupting ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    return sigaction(number, &action, NULL);
}

/* What signal() is in programs that ask for System V. */
extern gmr_handler_t *sysv_signal(int, gmr_handler_t *), *__sysv_signal(int, gmr_handler_t *);
gmr_handler_t *sysv_signal(int number, gmr_handler_t *handler) {
    return set_handler(number, handler, (int)SA_RESETHAND | SA_NODEFER);
}
gmr_handler_t *__sysv_signal(int number, gmr_handler_t *handler) __attribute__((alias("sysv_signal")));

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

extern gmr_handler_t *sigset(int, gmr_handler_t *);
gmr_handler_t *sigset(int number, gmr_handler_t *handler) {
    struct sigaction action = {.sa_handler = handler}, old;
    sigset_t one, before;
    sigemptyset(&action.sa_mask);
    sigemptyset(&one);
    if (handler == SIG_ERR || sigaddset(&one, number) != 0) {
        errno = EINVAL;
        return SIG_ERR;
    }
    int is_held = handler == SIG_HOLD;
    if (pthread_sigmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &one, &before) != 0) return SIG_ERR;
    if (sigaction(number, is_held ? NULL : &action, &old) != 0) return SIG_ERR;
    return sigismember(&before, number) ? SIG_HOLD : old.sa_handler;
}

extern int sigignore(int number);
int sigignore(int number) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}
