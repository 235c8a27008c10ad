/*
 * mutexes.c: circles and queues of mutexes of each kind.
 * Threads: those of the program.  Signal handlers: no.
 */
#include "zoo.h"

#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 32 };

static pthread_mutex_t locks[MOST];

static void make(int index, int type, int robust, int protocol, int shared) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutexattr_setpshared(&attributes, shared);
    if (pthread_mutex_init(&locks[index], &attributes) != 0)
        lock_zoo_fail("pthread_mutex_init");
}

static void make_all(int type) {
    for (int i = 0; i < MOST; i++)
        make(i, type, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
}

/* Takes two locks in turn, and meets the others between the two. */
typedef struct {
    int first, second;
} pair_t;

static const pair_t first_twice = {0, 0}, second_twice = {1, 1};

static void *take_both(void *argument) {
    const pair_t *pair = argument;
    pthread_mutex_lock(&locks[pair->first]);
    lock_zoo_meet();
    pthread_mutex_lock(&locks[pair->second]);
    return NULL;
}

static void *take(void *argument) {
    pthread_mutex_lock(&locks[*(const int *)argument]);
    return NULL;
}

static void cross(void) {
    static const pair_t ab = {0, 1}, ba = {1, 0};
    lock_zoo_expect(2);
    lock_zoo_start("alpha", take_both, (void *)&ab);
    lock_zoo_start("beta", take_both, (void *)&ba);
}

static void normal(void) { make_all(PTHREAD_MUTEX_NORMAL); cross(); }
static void recursive(void) { make_all(PTHREAD_MUTEX_RECURSIVE); cross(); }
static void errorcheck(void) { make_all(PTHREAD_MUTEX_ERRORCHECK); cross(); }
static void adaptive(void) { make_all(PTHREAD_MUTEX_ADAPTIVE_NP); cross(); }

static void robust(void) {
    for (int i = 0; i < 2; i++)
        make(i, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    cross();
}

static void process_shared(void) {
    for (int i = 0; i < 2; i++)
        make(i, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    cross();
}

static void mixed(void) {
    make_all(PTHREAD_MUTEX_RECURSIVE);
    make(1, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    cross();
}

static void make_inheriting(void) {
    for (int i = 0; i < 2; i++)
        make(i, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
}

/* The kernel refuses the second one, or both, and glibc lets it sleep for good. */
static void priority_inheriting_crossed(void) {
    make_inheriting();
    cross();
}

static void priority_inheriting_itself(void) {
    make_inheriting();
    lock_zoo_expect(1);
    lock_zoo_start("alpha", take_both, (void *)&first_twice);
}

static void priority_inheriting_two_selves(void) {
    make_inheriting();
    lock_zoo_expect(2);
    lock_zoo_start("alpha", take_both, (void *)&first_twice);
    lock_zoo_start("beta", take_both, (void *)&second_twice);
}

static void *hold_and_read(void *unused) {
    (void)unused;
    pthread_mutex_lock(&locks[0]);
    lock_zoo_meet();
    lock_zoo_read_for_ever();
    return NULL;
}

static void *wait_for_inherited(void *unused) {
    static const int first = 0;
    (void)unused;
    lock_zoo_meet();
    return take((void *)&first);
}

/* The owner may be refused: who waits for it has no part in that. */
static void priority_inheriting_queue(void) {
    make_inheriting();
    lock_zoo_expect(2);
    lock_zoo_start("alpha", take_both, (void *)&first_twice);
    lock_zoo_start("beta", wait_for_inherited, NULL);
}

static void priority_inheriting(void) {
    make_inheriting();
    lock_zoo_expect(2);
    lock_zoo_start("holder", hold_and_read, NULL);
    lock_zoo_start("waiter", wait_for_inherited, NULL);
}

static void three_and_twenty(void) {
    static const pair_t pairs[] = {{0, 1}, {1, 2}, {2, 0}};
    static const char *const names[] = {"alpha", "beta", "gamma"};
    static const int lock_of[] = {0, 1, 2};
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(4);
    for (int i = 0; i < 3; i++)
        lock_zoo_start(names[i], take_both, (void *)&pairs[i]);
    lock_zoo_meet();
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "queue-%d", i);
        lock_zoo_start(name, take, (void *)&lock_of[i % 3]);
    }
}

static void philosophers(void) {
    static pair_t pairs[5];
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(5);
    for (int i = 0; i < 5; i++) {
        char name[16];
        pairs[i] = (pair_t){i, (i + 1) % 5};
        snprintf(name, sizeof name, "phil-%d", i);
        lock_zoo_start(name, take_both, &pairs[i]);
    }
}

static void two_circles(void) {
    static const pair_t pairs[] = {{0, 1}, {1, 0}, {2, 3}, {3, 2}};
    static const char *const names[] = {"alpha", "beta", "gamma", "delta"};
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(4);
    for (int i = 0; i < 4; i++)
        lock_zoo_start(names[i], take_both, (void *)&pairs[i]);
}

static void itself(void) {
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(1);
    lock_zoo_start("alpha", take_both, (void *)&first_twice);
}

static void *take_both_in_time(void *argument) {
    const pair_t *pair = argument;
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 3600;
    pthread_mutex_lock(&locks[pair->first]);
    lock_zoo_meet();
    pthread_mutex_timedlock(&locks[pair->second], &limit);
    return NULL;
}

static void timed(void) {
    static const pair_t ab = {0, 1}, ba = {1, 0};
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(2);
    lock_zoo_start("alpha", take_both, (void *)&ab);
    lock_zoo_start("beta", take_both_in_time, (void *)&ba);
}

static void *take_and_end(void *unused) {
    (void)unused;
    pthread_mutex_lock(&locks[0]);
    return NULL;
}

static void take_from_one_that_ended(void) {
    static const int first = 0;
    pthread_join(lock_zoo_start("alpha", take_and_end, NULL), NULL);
    lock_zoo_start("beta", take, (void *)&first);
}

static void owner_ended(void) {
    make_all(PTHREAD_MUTEX_NORMAL);
    take_from_one_that_ended();
}

static void priority_inheriting_owner_ended(void) {
    make_inheriting();
    take_from_one_that_ended();
}

static void held_in_read(void) {
    static const int first = 0;
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(2);
    lock_zoo_start("slow", hold_and_read, NULL);
    lock_zoo_meet();
    for (int i = 0; i < 5; i++)
        lock_zoo_start("waiter", take, (void *)&first);
}

/* Takes 0, and gives it back when it has not got 1 in time. */
static void *give_up(void *unused) {
    struct timespec limit;
    pthread_mutex_lock(&locks[0]);
    lock_zoo_meet();
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 4;
    pthread_mutex_timedlock(&locks[1], &limit);
    pthread_mutex_unlock(&locks[0]);
    return unused;
}

/* Takes 1, and 0 once somebody sleeps who waits for 1: the kernel sets the bit just before that. */
static void *take_when_waited_for(void *unused) {
    pthread_mutex_lock(&locks[1]);
    lock_zoo_meet();
    while (!((uint32_t)__atomic_load_n(&locks[1].__data.__lock, __ATOMIC_RELAXED) & FUTEX_WAITERS))
        usleep(1000);
    usleep(100000);
    pthread_mutex_lock(&locks[0]);
    return unused;
}

/* Who has it now was not in the circle, and stands in nobody's way. */
static void priority_inheriting_later_owner(void) {
    make_inheriting();
    lock_zoo_expect(2);
    lock_zoo_start("alpha", take_when_waited_for, NULL);
    pthread_join(lock_zoo_start("beta", give_up, NULL), NULL);
    lock_zoo_expect(2);
    lock_zoo_start("gamma", hold_and_read, NULL);
    lock_zoo_meet();
}

/* Each takes its own lock and then joins the next one's end. */
static pthread_t threads[3];

static void *hold_and_join(void *argument) {
    lock_zoo_meet();
    pthread_mutex_lock(&locks[0]);
    lock_zoo_meet();
    pthread_join(threads[*(const int *)argument], NULL);
    return NULL;
}

static void *meet_and_take(void *unused) {
    (void)unused;
    lock_zoo_meet();
    lock_zoo_meet();
    pthread_mutex_lock(&locks[0]);
    return NULL;
}

static void join_under_lock(void) {
    static const int second = 1;
    make_all(PTHREAD_MUTEX_NORMAL);
    lock_zoo_expect(2);
    threads[1] = lock_zoo_start("worker", meet_and_take, NULL);
    threads[0] = lock_zoo_start("closer", hold_and_join, (void *)&second);
}

const lock_zoo_program_t lock_zoo_mutex_programs[] = {
    {"ab-ba", "alpha mutex beta mutex alpha: certain", "", normal},
    {"recursive", "alpha mutex beta mutex alpha: certain", "", recursive},
    {"errorcheck", "alpha mutex beta mutex alpha: certain", "", errorcheck},
    {"adaptive", "alpha mutex beta mutex alpha: certain", "", adaptive},
    {"robust", "alpha mutex beta mutex alpha: certain", "", robust},
    {"process-shared", "alpha mutex beta mutex alpha: likely", "", process_shared},
    {"mixed-kinds", "alpha mutex beta mutex alpha: certain", "", mixed},
    {"priority-inheriting", "", "waiter mutex holder", priority_inheriting},
    {"priority-inheriting-crossed", "alpha mutex beta mutex alpha: likely", "", priority_inheriting_crossed},
    {"priority-inheriting-itself", "alpha mutex alpha: likely", "alpha mutex alpha refused",
     priority_inheriting_itself},
    {"priority-inheriting-queue", "alpha mutex alpha: likely", "beta mutex alpha", priority_inheriting_queue},
    {"priority-inheriting-two-selves", "alpha mutex alpha: likely; beta mutex beta: likely", "",
     priority_inheriting_two_selves},
    {"three-and-twenty", "alpha mutex beta mutex gamma mutex alpha: certain",
     "queue-0 mutex alpha; queue-19 mutex beta", three_and_twenty},
    {"philosophers", "phil-0 mutex phil-1 mutex phil-2 mutex phil-3 mutex phil-4 mutex phil-0: certain", "",
     philosophers},
    {"two-circles", "alpha mutex beta mutex alpha: certain; delta mutex gamma mutex delta: certain", "", two_circles},
    {"itself", "alpha mutex alpha: likely", "", itself},
    {"timed", "alpha mutex beta mutex alpha: timed likely", "", timed},
    {"priority-inheriting-later-owner", "", "alpha mutex - refused", priority_inheriting_later_owner},
    {"owner-ended", "", "beta mutex gone", owner_ended},
    {"priority-inheriting-owner-ended", "", "beta mutex gone refused",
     priority_inheriting_owner_ended},
    {"held-in-read", "", "waiter mutex slow", held_in_read},
    {"join-under-lock", "closer join worker mutex closer: certain", "", join_under_lock},
    {0},
};
