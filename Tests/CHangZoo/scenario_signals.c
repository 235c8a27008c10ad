/*
 * scenario_signals.c: a signal frame in the middle of a stack or between two, and leaf functions.
 * Threads: the scenario's own.  Signal handlers: SIGUSR1's, which blocks on purpose.
 *
 * Truth
 *   signal-frame  `interrupted` ran interrupted_outer_calls_middle → interrupted_middle_calls_body → interrupted_body
 *                 when SIGUSR1 came; its handler: signal frame → handler_outer_calls_middle →
 *                 handler_middle_calls_blocked → futex.
 *   signal-stack  `switched` is the same from interrupted_middle_calls_body on, called by switched_outer_calls_middle;
 *                 its handler runs on an alternate stack.
 *   leaf          `hot-leaf` runs in leaf_spins, which has no frame and uses the red zone: leaf_middle_for_ever calls
 *                 it. `leaf-stopped` was interrupted by SIGUSR1 in the same function; its handler blocks.
 */
#include "scenarios.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void leaf_spins(volatile uint64_t *counter);

static ZOO_MARKER void handler_middle_calls_blocked(void) {
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void handler_outer_calls_middle(int signal) {
    (void)signal;
    handler_middle_calls_blocked();
}

static void install_blocking_handler(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = flags;
    action.sa_handler = handler_outer_calls_middle;
    if (sigaction(SIGUSR1, &action, NULL) != 0)
        zoo_fail("sigaction");
}

static pthread_t to_interrupt;
static volatile uint64_t *to_interrupt_spins; /* release by its thread; pairs with the acquire in interrupt_it() */

static void may_be_interrupted(void) {
    to_interrupt = pthread_self();
    __atomic_store_n(&to_interrupt_spins, zoo_spin_counter(), __ATOMIC_RELEASE);
}

static void interrupt_it(void) {
    volatile uint64_t *spins;
    while ((spins = __atomic_load_n(&to_interrupt_spins, __ATOMIC_ACQUIRE)) == NULL || *spins < 1000)
        usleep(100);
    pthread_kill(to_interrupt, SIGUSR1);
}

static ZOO_MARKER void interrupted_body(void) {
    for (;;)
        zoo_spin_step();
}

static ZOO_MARKER void interrupted_middle_calls_body(void) {
    interrupted_body();
}

static ZOO_MARKER void interrupted_outer_calls_middle(void *unused) {
    (void)unused;
    may_be_interrupted();
    interrupted_middle_calls_body();
}

static void build_signal_frame(int count, char *const *arguments) {
    (void)count, (void)arguments;
    install_blocking_handler(0);
    zoo_spawn("interrupted", SYS_futex, interrupted_outer_calls_middle, NULL);
    interrupt_it();
}

static ZOO_MARKER void switched_outer_calls_middle(void *unused) {
    (void)unused;
    static char bytes[64 << 10];
    stack_t stack = {.ss_sp = bytes, .ss_size = sizeof bytes};
    if (sigaltstack(&stack, NULL) != 0)
        zoo_fail("sigaltstack");
    may_be_interrupted();
    interrupted_middle_calls_body();
}

static void build_signal_stack(int count, char *const *arguments) {
    (void)count, (void)arguments;
    install_blocking_handler(SA_ONSTACK);
    zoo_spawn("switched", SYS_futex, switched_outer_calls_middle, NULL);
    interrupt_it();
}

static ZOO_MARKER void leaf_middle_for_ever(volatile uint64_t *counter) {
    leaf_spins(counter);
}

static ZOO_MARKER void leaf_outer_calls_middle(void *unused) {
    (void)unused;
    zoo_arrive();
    leaf_middle_for_ever(zoo_spin_counter());
}

static ZOO_MARKER void stopped_leaf_outer_calls_middle(void *unused) {
    (void)unused;
    may_be_interrupted();
    leaf_middle_for_ever(zoo_spin_counter());
}

static void build_leaf(int count, char *const *arguments) {
    (void)count, (void)arguments;
    install_blocking_handler(0);
    zoo_spawn("leaf-stopped", SYS_futex, stopped_leaf_outer_calls_middle, NULL);
    interrupt_it();
    zoo_spawn("hot-leaf", ZOO_SPINS, leaf_outer_calls_middle, NULL);
}

const zoo_scenario_t zoo_signal_scenarios[] = {
    {"signal-frame", "a thread is stuck inside a signal handler", NULL, build_signal_frame, NULL, NULL},
    {"signal-stack", "the same, with the handler on a stack of its own", NULL, build_signal_stack, NULL, NULL},
    {"leaf", "leaf functions that use the red zone, running and interrupted", NULL, build_leaf, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
