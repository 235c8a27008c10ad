/*
 * signals.c: puts the handlers in place and takes them back.
 * Runs on the thread that installs or stops the agent, and on the agent thread around a capture.
 * A handler may not run it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "../signal_safe/capture.h"
#include "../signal_safe/crash.h"
#include "../signal_safe/on_demand.h"
#include "../signal_safe/trigger.h"
#include "agent_state.h"

typedef void handler_t(int, siginfo_t *, void *);

static int is_ours(int number, handler_t *handler) {
    struct sigaction now;
    return __sigaction(number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handler;
}

static int is_handler_of(const struct sigaction *action) {
    return (action->sa_flags & SA_SIGINFO) || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* Our handler, over one that it calls. That one keeps its way of running: whether calls are restarted behind it, what
 * it masks, and on which stack, which an alternate one may be too small for. */
static int put_over(int number, handler_t *handler, const struct sigaction *previous) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (handler == gmr_ss_on_crash_signal) {
        /* A crash in the handler runs it again; nothing else interrupts it. */
        action.sa_flags |= SA_NODEFER;
        gmr_signals_asynchronous(&action.sa_mask);
    } else if (is_handler_of(previous) && number != GMR_CAPTURE_SIGNAL_NUMBER) {
        const int kept = SA_RESTART | SA_NODEFER | SA_ONSTACK;
        action.sa_flags = (action.sa_flags & ~kept) | (previous->sa_flags & kept);
        action.sa_mask = previous->sa_mask;
    }
    return __sigaction(number, &action, NULL) == 0 ? 0 : -errno;
}

static int take(int number, handler_t *handler) {
    if (is_ours(number, handler)) return 0;
    /* The previous action is stored before ours can run. */
    uint32_t index = gmr_safe_state.previous_index[number] + 1;
    if (__sigaction(number, NULL, &gmr_safe_state.previous[index & 1][number]) != 0) return -errno;
    gmr_store_release(&gmr_safe_state.previous_index[number], index);
    const struct sigaction *previous = gmr_ss_previous(number);
    if (!gmr_safe_state.has_first_previous[number]) gmr_safe_state.first_previous[number] = *previous;
    else gmr_safe_state.may_call_ours[number] = 1;
    gmr_safe_state.has_first_previous[number] = 1;
    return put_over(number, handler, previous);
}

/* Where somebody has put a handler over ours, it may call ours: leave both. What ours then calls is the first one. */
static void give_back(int number, handler_t *handler) {
    const struct sigaction *first = &gmr_safe_state.first_previous[number], *previous = gmr_ss_previous(number);
    if (!is_ours(number, handler) || __sigaction(number, previous, NULL) != 0) return;
    if (previous->sa_handler == first->sa_handler) {
        gmr_safe_state.has_first_previous[number] = 0;
    } else {
        uint32_t index = gmr_safe_state.previous_index[number] + 1;
        gmr_safe_state.previous[index & 1][number] = *first;
        gmr_store_release(&gmr_safe_state.previous_index[number], index);
    }
}

int gmr_capture_signal_take(void) { return take(GMR_CAPTURE_SIGNAL_NUMBER, gmr_ss_on_capture_signal); }

int gmr_trigger_signal_take(int number) { return take(number, gmr_ss_on_trigger_signal); }

int gmr_trigger_signal_is_ours(int number) { return is_ours(number, gmr_ss_on_trigger_signal); }

int gmr_agent_share_signal(int number, const struct sigaction *action, struct sigaction *old) {
    /* Who is at it: a process number, because a fork child may find its parent's. */
    static int32_t holder;
    sigset_t all, before;
    if (number < 1 || number > 64 || !gmr_trigger_signal_is_ours(number) || gmr_ss_is_vfork_child()) return 0;
    /* No handler on this thread can want the lock. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int32_t self = getpid(), found = 0;
    while (!__atomic_compare_exchange_n(&holder, &found, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (found == self) {
            (void)sched_yield();
            found = 0;
        }
    }
    struct sigaction wanted;
    if (action) wanted = *action; /* may be where `old` is */
    if (old) *old = *gmr_ss_previous(number);
    if (action) {
        uint32_t index = gmr_safe_state.previous_index[number] + 1;
        gmr_safe_state.previous[index & 1][number] = wanted;
        gmr_safe_state.may_call_ours[number] = 0; /* the program has never seen ours */
        gmr_store_release(&gmr_safe_state.previous_index[number], index);
        (void)put_over(number, gmr_ss_on_trigger_signal, gmr_ss_previous(number));
    }
    __atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 1;
}

void gmr_agent_hide_crash_handler(int number, struct sigaction *found) {
    if (number < 1 || number > 64 || !(found->sa_flags & SA_SIGINFO)) return;
    if (found->sa_sigaction == gmr_ss_on_crash_signal) *found = *gmr_ss_previous(number);
}

/* Without us nothing would happen, and so it stays: SIGQUIT of a program that was started with nohup, for one. */
static int is_ignored(int number) {
    struct sigaction now;
    return __sigaction(number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN;
}

int gmr_signals_install(void) {
    int error = gmr_capture_signal_take();
    for (uint32_t i = 0; i < gmr_agent_state.signal_count && error == 0; i++) {
        error = gmr_trigger_signal_take(gmr_agent_state.signals[i]);
    }
    for (uint32_t i = 0; i < gmr_agent_state.crash_signal_count && error == 0; i++) {
        int number = gmr_agent_state.crash_signals[i];
        if (!is_ignored(number)) error = take(number, gmr_ss_on_crash_signal);
    }
    if (error) gmr_signals_restore();
    return error;
}

void gmr_signals_restore(void) {
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) {
        give_back(gmr_agent_state.signals[i], gmr_ss_on_trigger_signal);
    }
    for (uint32_t i = 0; i < gmr_agent_state.crash_signal_count; i++) {
        give_back(gmr_agent_state.crash_signals[i], gmr_ss_on_crash_signal);
    }
    /* A SIGPROF of ours may still be pending in a thread that masks it: the default action would end the process. */
    const struct sigaction *previous = gmr_ss_previous(GMR_CAPTURE_SIGNAL_NUMBER);
    if ((previous->sa_flags & SA_SIGINFO) || previous->sa_handler != SIG_DFL) {
        give_back(GMR_CAPTURE_SIGNAL_NUMBER, gmr_ss_on_capture_signal);
    }
}

void gmr_signals_asynchronous(sigset_t *mask) {
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    sigfillset(mask);
    for (unsigned i = 0; i < sizeof synchronous / sizeof synchronous[0]; i++) sigdelset(mask, synchronous[i]);
}

void gmr_signals_let_triggers_in(void) {
    sigset_t mask;
    gmr_signals_asynchronous(&mask);
    for (uint32_t i = 0; i < gmr_agent_state.signal_count; i++) sigdelset(&mask, gmr_agent_state.signals[i]);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
}
