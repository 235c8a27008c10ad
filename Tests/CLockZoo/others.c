/*
 * others.c: waits for what is no mutex, and circles through them.
 * Threads: those of the program.  Signal handlers: no.
 */
#include "zoo.h"

#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER, other_shared = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_barrier_t barrier;

/* joins */

static pthread_t threads[3];

static void *join_next(void *argument) {
    lock_zoo_meet();
    pthread_join(threads[*(const int *)argument], NULL);
    return NULL;
}

static void joins(void) {
    static const int next[] = {1, 2, 0};
    static const char *const names[] = {"alpha", "beta", "gamma"};
    lock_zoo_expect(4);
    for (int i = 0; i < 3; i++)
        threads[i] = lock_zoo_start(names[i], join_next, (void *)&next[i]);
    lock_zoo_meet();
}

/* rwlocks */

static void *write_ab(void *unused) {
    (void)unused;
    pthread_rwlock_wrlock(&shared);
    lock_zoo_meet();
    pthread_rwlock_wrlock(&other_shared);
    return NULL;
}

static void *write_ba(void *unused) {
    (void)unused;
    pthread_rwlock_wrlock(&other_shared);
    lock_zoo_meet();
    pthread_rwlock_wrlock(&shared);
    return NULL;
}

static void writers(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", write_ab, NULL);
    lock_zoo_start("beta", write_ba, NULL);
}

static void *write_then_lock(void *unused) {
    (void)unused;
    pthread_rwlock_wrlock(&shared);
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
    return NULL;
}

static void *lock_then_read(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    pthread_rwlock_rdlock(&shared);
    return NULL;
}

static void reader_behind_writer(void) {
    lock_zoo_expect(2);
    lock_zoo_start("alpha", write_then_lock, NULL);
    lock_zoo_start("beta", lock_then_read, NULL);
}

static void *read_and_stay(void *unused) {
    (void)unused;
    pthread_rwlock_rdlock(&shared);
    lock_zoo_meet();
    lock_zoo_read_for_ever();
    return NULL;
}

static void *meet_and_write(void *unused) {
    (void)unused;
    lock_zoo_meet();
    pthread_rwlock_wrlock(&shared);
    return NULL;
}

static void writer_behind_reader(void) {
    lock_zoo_expect(2);
    lock_zoo_start("reader", read_and_stay, NULL);
    lock_zoo_start("writer", meet_and_write, NULL);
}

static void *read_then_write(void *unused) {
    (void)unused;
    pthread_rwlock_rdlock(&shared);
    pthread_rwlock_wrlock(&shared);
    return NULL;
}

/* The reader keeps the lock's address on its stack, as a guard does. */
static void *read_with_guard(void *unused) {
    pthread_rwlock_t *volatile guard = &shared;
    pthread_rwlock_rdlock(guard);
    lock_zoo_meet();
    lock_zoo_read_for_ever();
    pthread_rwlock_unlock(guard);
    return unused;
}

static void writers_behind_guard(void) {
    lock_zoo_expect(3);
    lock_zoo_start("reader", read_with_guard, NULL);
    lock_zoo_start("writer", meet_and_write, NULL);
    lock_zoo_start("writer", meet_and_write, NULL);
}

static void upgrade(void) { lock_zoo_start("alpha", read_then_write, NULL); }

/* conditions */

static void *wait_for_signal(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;)
        pthread_cond_wait(&condition, &lock);
}

static void no_signaller(void) { lock_zoo_start("alpha", wait_for_signal, NULL); }

static void *wait_inside(void *unused) {
    (void)unused;
    pthread_mutex_lock(&other);
    pthread_mutex_lock(&lock);
    lock_zoo_meet();
    for (;;)
        pthread_cond_wait(&condition, &lock);
}

static void *want_outside(void *unused) {
    (void)unused;
    lock_zoo_meet();
    pthread_mutex_lock(&other);
    return NULL;
}

static void nested_monitor(void) {
    lock_zoo_expect(2);
    lock_zoo_start("consumer", wait_inside, NULL);
    lock_zoo_start("producer", want_outside, NULL);
}

/* Signals the condition while it holds the mutex, and then wants what the other one has. */
static void *signal_and_want(void *unused) {
    (void)unused;
    lock_zoo_meet();
    pthread_mutex_lock(&lock);
    pthread_cond_signal(&condition);
    pthread_mutex_lock(&other);
    return NULL;
}

static void take_again(void) {
    lock_zoo_expect(2);
    lock_zoo_start("consumer", wait_inside, NULL);
    lock_zoo_start("producer", signal_and_want, NULL);
}

/* without an owner */

static void *wait_for_post(void *unused) {
    (void)unused;
    sem_wait(&semaphore);
    return NULL;
}

static void no_post(void) {
    sem_init(&semaphore, 0, 0);
    lock_zoo_start("alpha", wait_for_post, NULL);
    lock_zoo_start("beta", wait_for_post, NULL);
}

static void *wait_for_third(void *unused) {
    (void)unused;
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void short_barrier(void) {
    pthread_barrier_init(&barrier, NULL, 3);
    lock_zoo_start("alpha", wait_for_third, NULL);
    lock_zoo_start("beta", wait_for_third, NULL);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void wait_in_once(void) {
    lock_zoo_meet();
    lock_zoo_read_for_ever();
}

static void *initialize(void *unused) {
    (void)unused;
    pthread_once(&once, wait_in_once);
    return NULL;
}

static void *need_it(void *unused) {
    lock_zoo_meet();
    return initialize(unused);
}

static void slow_once(void) {
    lock_zoo_expect(2);
    lock_zoo_start("first", initialize, NULL);
    lock_zoo_start("second", need_it, NULL);
}

const lock_zoo_program_t lock_zoo_other_programs[] = {
    {"joins", "alpha join beta join gamma join alpha: certain", "", joins},
    {"writers", "alpha rwlock beta rwlock alpha: certain", "", writers},
    {"reader-behind-writer", "alpha mutex beta rwlock alpha: certain", "", reader_behind_writer},
    {"writer-behind-reader", "", "writer rwlock -", writer_behind_reader},
    {"writers-behind-guard", "", "writer rwlock reader", writers_behind_guard},
    {"upgrade", "", "alpha rwlock -", upgrade},
    {"no-signaller", "", "alpha condition -", no_signaller},
    {"nested-monitor", "", "consumer condition -; producer mutex consumer", nested_monitor},
    {"take-again", "consumer mutex producer mutex consumer: certain", "", take_again},
    {"no-post", "", "alpha semaphore -; beta semaphore -", no_post},
    {"short-barrier", "", "alpha barrier -; beta barrier -", short_barrier},
    {"slow-once", "", "second once first", slow_once},
    {0},
};
