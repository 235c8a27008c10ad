/*
 * scenario_crowds.c: many threads, and threads that come and go.
 * Threads: the scenario's own.  Signal handlers: no.
 *
 * Truth
 *   threads-N     N threads `many-K`, all in many_outer_calls_middle → many_middle_calls_blocked → sem_wait.
 *   thread-churn  `victim` blocks as usual; `hot-churner` starts detached threads that end at once, one after the
 *                 other, for ever, so that a list of threads is out of date when it has been read.
 */
#include "scenarios.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/syscall.h>

static sem_t never_posted;

static ZOO_MARKER void many_middle_calls_blocked(void) {
    zoo_arrive();
    sem_wait(&never_posted);
}

static ZOO_MARKER void many_outer_calls_middle(void *unused) {
    (void)unused;
    many_middle_calls_blocked();
}

static void build_many(int count) {
    sem_init(&never_posted, 0, 0);
    for (int index = 0; index < count; index++) {
        char name[16];
        snprintf(name, sizeof name, "many-%d", index);
        zoo_spawn_sized(name, SYS_futex, many_outer_calls_middle, NULL, 128 << 10);
    }
}

#define BUILD_MANY(number)                                                                                             \
    static void build_##number(int count, char *const *arguments) {                                                   \
        (void)count, (void)arguments;                                                                                  \
        build_many(number);                                                                                            \
    }
BUILD_MANY(1)
BUILD_MANY(64)
BUILD_MANY(1000)

static ZOO_MARKER void *churned_thread_ends(void *counter) {
    __atomic_fetch_add((uint64_t *)counter, 1, __ATOMIC_RELAXED);
    return NULL;
}

static ZOO_MARKER void churner_starts_one(const pthread_attr_t *detached) {
    static uint64_t ended, started;
    pthread_t thread;
    if (pthread_create(&thread, detached, churned_thread_ends, &ended) == 0)
        started++;
    while (started > __atomic_load_n(&ended, __ATOMIC_RELAXED) + 8)
        continue;
    zoo_spin_step();
}

static ZOO_MARKER void churner_starts_threads_for_ever(void *unused) {
    (void)unused;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, 128 << 10);
    zoo_arrive();
    for (;;)
        churner_starts_one(&detached);
}

static void build_churn(int count, char *const *arguments) {
    zoo_build_victim(count, arguments);
    zoo_spawn("hot-churner", ZOO_SPINS, churner_starts_threads_for_ever, NULL);
}

const zoo_scenario_t zoo_crowd_scenarios[] = {
    {"threads-1", "1 thread waits for a semaphore", NULL, build_1, NULL, NULL},
    {"threads-64", "64 threads wait for a semaphore", NULL, build_64, NULL, NULL},
    {"threads-1000", "1,000 threads wait for a semaphore", NULL, build_1000, NULL, NULL},
    {"thread-churn", "threads start and end all the time", NULL, build_churn, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
