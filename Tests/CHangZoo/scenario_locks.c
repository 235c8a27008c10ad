/*
 * scenario_locks.c: threads that wait for another thread in glibc's pthread calls.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   mutex      `mutex-holder` owns the lock and waits in a futex of its own; `mutex-waiter` waits for it:
 *              mutex_outer_calls_middle → mutex_middle_calls_blocked → pthread_mutex_lock, futex, no time limit.
 *   condition  `cond-waiter` in cond_outer_calls_middle → cond_middle_calls_blocked → pthread_cond_wait; nobody
 *              signals.
 *   join       `join-target` waits in a futex; `join-waiter` in join_outer_calls_middle → join_middle_calls_blocked →
 *              pthread_join of it.
 */
#include "scenarios.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void zoo_futex_wait_for_ever(void) {
    static int word;
    for (;;)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* mutex */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int mutex_is_held; /* release by the holder; pairs with the acquire in mutex_middle_calls_blocked() */

static ZOO_MARKER void mutex_holder_waits(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    __atomic_store_n(&mutex_is_held, 1, __ATOMIC_RELEASE);
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static void wait_until_mutex_is_held(void) {
    while (!__atomic_load_n(&mutex_is_held, __ATOMIC_ACQUIRE))
        usleep(100);
}

static ZOO_MARKER void mutex_middle_calls_blocked(pthread_mutex_t *lock) {
    zoo_arrive();
    pthread_mutex_lock(lock);
}

static ZOO_MARKER void mutex_outer_calls_middle(void *lock) {
    mutex_middle_calls_blocked(lock);
}

static void build_mutex(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("mutex-holder", SYS_futex, mutex_holder_waits, NULL);
    wait_until_mutex_is_held();
    zoo_spawn("mutex-waiter", SYS_futex, mutex_outer_calls_middle, &mutex);
}

void zoo_block_in_mutex(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int is_kept;
    if (__atomic_exchange_n(&is_kept, 1, __ATOMIC_ACQ_REL) == 0)
        pthread_mutex_lock(&lock);
    zoo_arrive();
    pthread_mutex_lock(&lock);
    zoo_keep_frame();
}

/* the victim of other scenarios */

static ZOO_MARKER void victim_middle_calls_blocked(void) {
    zoo_block_in_mutex();
}

static ZOO_MARKER void victim_outer_calls_middle(void *unused) {
    (void)unused;
    victim_middle_calls_blocked();
}

void zoo_build_victim(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("victim", SYS_futex, victim_outer_calls_middle, NULL);
}

/* condition */

static pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static ZOO_MARKER void cond_middle_calls_blocked(void) {
    pthread_mutex_lock(&condition_mutex);
    zoo_arrive();
    for (;;)
        pthread_cond_wait(&condition, &condition_mutex);
}

static ZOO_MARKER void cond_outer_calls_middle(void *unused) {
    (void)unused;
    cond_middle_calls_blocked();
}

static void build_condition(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("cond-waiter", SYS_futex, cond_outer_calls_middle, NULL);
}

/* join */

static pthread_t join_target;
static int join_target_is_known;

static ZOO_MARKER void join_target_waits(void *unused) {
    (void)unused;
    join_target = pthread_self();
    __atomic_store_n(&join_target_is_known, 1, __ATOMIC_RELEASE); /* pairs with join_middle_calls_blocked() */
    zoo_arrive();
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void join_middle_calls_blocked(void) {
    while (!__atomic_load_n(&join_target_is_known, __ATOMIC_ACQUIRE))
        usleep(100);
    zoo_arrive();
    pthread_join(join_target, NULL);
}

static ZOO_MARKER void join_outer_calls_middle(void *unused) {
    (void)unused;
    join_middle_calls_blocked();
}

static void build_join(int count, char *const *arguments) {
    (void)count, (void)arguments;
    zoo_spawn("join-target", SYS_futex, join_target_waits, NULL);
    zoo_spawn("join-waiter", SYS_futex, join_outer_calls_middle, NULL);
}

const zoo_scenario_t zoo_lock_scenarios[] = {
    {"mutex", "a thread waits for a mutex that another keeps", NULL, build_mutex, NULL, NULL},
    {"condition", "a thread waits for a condition nobody signals", NULL, build_condition, NULL, NULL},
    {"join", "a thread joins one that never ends", NULL, build_join, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
