/*
 * scenario_spins.c: threads that run, and threads that mask signals.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   spin            `hot-spin` runs in spin_outer_calls_middle → spin_middle_for_ever → spin_body; it takes signals.
 *   masked-signals  `masked-sleep` blocks every signal and waits in a futex: masked_outer_calls_middle →
 *                   masked_middle_calls_blocked. Only looking from outside shows its stack.
 *   masked-spin     `hot-masked` blocks every signal and runs, so neither a signal nor /proc shows its stack: a gap, or
 *                   a capture by ptrace. `victim` sleeps as usual.
 *   sigpending-0    like spin with four threads, under RLIMIT_SIGPENDING 0: SIGPROF arrives without its siginfo.
 */
#include "scenarios.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static ZOO_MARKER void spin_body(void) {
    for (int step = 0; step < 1000; step++)
        zoo_spin_step();
}

static ZOO_MARKER void spin_middle_for_ever(void) {
    zoo_arrive();
    for (;;)
        spin_body();
}

static ZOO_MARKER void spin_outer_calls_middle(void *unused) {
    (void)unused;
    spin_middle_for_ever();
}

static void build_spin(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("hot-spin", ZOO_SPINS, spin_outer_calls_middle, NULL);
}

static void mask_all_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static ZOO_MARKER void masked_middle_calls_blocked(void) {
    mask_all_signals();
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void masked_outer_calls_middle(void *unused) {
    (void)unused;
    masked_middle_calls_blocked();
}

static void build_masked_signals(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("masked-sleep", SYS_futex, masked_outer_calls_middle, NULL);
}

static ZOO_MARKER void masked_spin_outer_calls_middle(void *unused) {
    (void)unused;
    mask_all_signals();
    spin_middle_for_ever();
}

static void build_masked_spin(int count, char *const *arguments) {
    zoo_spawn("hot-masked", ZOO_SPINS, masked_spin_outer_calls_middle, NULL);
    zoo_build_victim(count, arguments);
}

static void build_four_spins(int count, char *const *arguments) {
    for (int thread = 0; thread < 4; thread++)
        build_spin(count, arguments);
}

static void forbid_pending_signals(void) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_SIGPENDING, &none) != 0)
        zoo_fail("RLIMIT_SIGPENDING");
}

const zoo_scenario_t zoo_spin_scenarios[] = {
    {"spin", "a thread runs for ever", NULL, build_spin, NULL, NULL},
    {"masked-signals", "a thread blocks all signals and sleeps", NULL, build_masked_signals, NULL, NULL},
    {"masked-spin", "a thread blocks all signals and runs", NULL, build_masked_spin, NULL, NULL},
    {"sigpending-0", "running threads, RLIMIT_SIGPENDING 0", NULL, build_four_spins, forbid_pending_signals, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
