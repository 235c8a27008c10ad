/*
 * more.c: circles of other shapes, locks shared with other processes, and programs that look stuck and are not.
 * Threads: those of the program.  Signal handlers: no.
 */
#include "zoo.h"

#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t locks[8] = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
};

/* Takes its own lock and then the next one's; of `ring` threads the last one takes the first. */
static int ring;

static void *take_two(void *number) {
    int own = (int)(intptr_t)number;
    pthread_mutex_lock(&locks[own]);
    lock_zoo_meet();
    pthread_mutex_lock(&locks[(own + 1) % ring]);
    return NULL;
}

static void start_ring(int count) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    ring = count;
    lock_zoo_expect((unsigned)count);
    for (int i = 0; i < count; i++) lock_zoo_start(names[i], take_two, (void *)(intptr_t)i);
}

static void ring_of_eight(void) { start_ring(8); }

/* Locked from the outside of the circle, in a chain. */
static void *take_own_and(void *next) {
    pthread_mutex_t *own = (pthread_mutex_t *)next + 1;
    pthread_mutex_lock(own);
    lock_zoo_meet();
    pthread_mutex_lock(next);
    return NULL;
}

static void chain_behind_circle(void) {
    ring = 2;
    lock_zoo_expect(4);
    lock_zoo_start("a", take_two, (void *)0);
    lock_zoo_start("b", take_two, (void *)1);
    lock_zoo_start("c", take_own_and, &locks[1]);
    lock_zoo_start("d", take_own_and, &locks[2]);
}

static void *hold_and_read(void *lock) {
    pthread_mutex_lock(lock);
    lock_zoo_meet();
    lock_zoo_read_for_ever();
    return NULL;
}

/* A chain of three that ends in read(2): slow, and no circle. */
static void chain_to_read(void) {
    lock_zoo_expect(3);
    lock_zoo_start("last", hold_and_read, &locks[1]);
    lock_zoo_start("middle", take_own_and, &locks[1]);
    lock_zoo_start("first", take_own_and, &locks[2]);
}

static void *mask_all_and_take_two(void *number) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    return take_two(number);
}

static void all_masked(void) {
    ring = 2;
    lock_zoo_expect(2);
    lock_zoo_start("a", mask_all_and_take_two, (void *)0);
    lock_zoo_start("b", mask_all_and_take_two, (void *)1);
}

/* As after setuid(). */
static void not_dumpable(void) {
    prctl(PR_SET_DUMPABLE, 0);
    start_ring(2);
}

/* Locks of other processes */

static pthread_mutex_t *shared_mutex(int robust) {
    pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    return mutex;
}

static void *take(void *mutex) {
    pthread_mutex_lock(mutex);
    lock_zoo_read_for_ever();
    return NULL;
}

/* A child takes the mutex, and then ends or stays. */
static void lock_in_child(pthread_mutex_t *mutex, int stays) {
    int ready[2];
    char byte = 0;
    if (pipe(ready) != 0) lock_zoo_fail("pipe");
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(mutex);
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        while (stays) pause();
        _exit(0);
    }
    if (read(ready[0], &byte, 1) != 1) lock_zoo_fail("read");
    if (!stays) waitpid(child, NULL, 0);
}

static void owner_elsewhere(void) {
    pthread_mutex_t *mutex = shared_mutex(0);
    lock_in_child(mutex, 1);
    lock_zoo_start("alpha", take, mutex);
}

static void owner_elsewhere_robust(void) {
    pthread_mutex_t *mutex = shared_mutex(1);
    lock_in_child(mutex, 1);
    lock_zoo_start("alpha", take, mutex);
}

static void owner_elsewhere_gone(void) {
    pthread_mutex_t *mutex = shared_mutex(0);
    lock_in_child(mutex, 0);
    lock_zoo_start("alpha", take, mutex);
}

/* Semaphores and barriers that never come to their count */

static sem_t semaphores[2];
static pthread_barrier_t barrier;

static void *wait_for_semaphore(void *number) {
    sem_wait(&semaphores[(intptr_t)number]);
    return NULL;
}

/* Two that each wait for the other's post: nobody can know who would post. */
static void crossed_semaphores(void) {
    sem_init(&semaphores[0], 0, 0);
    sem_init(&semaphores[1], 0, 0);
    lock_zoo_start("alpha", wait_for_semaphore, (void *)0);
    lock_zoo_start("beta", wait_for_semaphore, (void *)1);
}

static void *hold_and_wait_for_semaphore(void *unused) {
    pthread_mutex_lock(&locks[0]);
    lock_zoo_meet();
    sem_wait(&semaphores[0]);
    return unused;
}

static void *lock_and_post(void *unused) {
    lock_zoo_meet();
    pthread_mutex_lock(&locks[0]);
    sem_post(&semaphores[0]);
    return unused;
}

/* Who would post waits for who waits. */
static void semaphore_under_lock(void) {
    sem_init(&semaphores[0], 0, 0);
    lock_zoo_expect(2);
    lock_zoo_start("alpha", hold_and_wait_for_semaphore, NULL);
    lock_zoo_start("beta", lock_and_post, NULL);
}

static void *hold_and_wait_at_barrier(void *unused) {
    pthread_mutex_lock(&locks[0]);
    lock_zoo_meet();
    pthread_barrier_wait(&barrier);
    return unused;
}

static void *lock_then_barrier(void *unused) {
    lock_zoo_meet();
    pthread_mutex_lock(&locks[0]);
    pthread_barrier_wait(&barrier);
    return unused;
}

static void barrier_under_lock(void) {
    pthread_barrier_init(&barrier, NULL, 2);
    lock_zoo_expect(2);
    lock_zoo_start("alpha", hold_and_wait_at_barrier, NULL);
    lock_zoo_start("beta", lock_then_barrier, NULL);
}

/* Joins */

static pthread_t reader;

static void *join_reader(void *unused) {
    lock_zoo_meet();
    pthread_join(reader, NULL);
    return unused;
}

static pthread_t joined[2];

static void *join_other(void *number) {
    lock_zoo_meet();
    pthread_join(joined[1 - (intptr_t)number], NULL);
    return NULL;
}

static void join_of_reader(void) {
    lock_zoo_expect(2);
    reader = lock_zoo_start("reader", hold_and_read, &locks[0]);
    lock_zoo_start("joiner", join_reader, NULL);
}

static void crossed_joins(void) {
    lock_zoo_expect(3);
    joined[0] = lock_zoo_start("alpha", join_other, (void *)0);
    joined[1] = lock_zoo_start("beta", join_other, (void *)1);
    lock_zoo_meet();
}

/* What only looks like it */

static void *try_for_ever(void *number) {
    int own = (int)(intptr_t)number;
    for (;;) {
        pthread_mutex_lock(&locks[own]);
        usleep(1000);
        if (pthread_mutex_trylock(&locks[1 - own]) == 0) pthread_mutex_unlock(&locks[1 - own]);
        pthread_mutex_unlock(&locks[own]);
    }
    return NULL;
}

/* Nobody waits for anybody; they only never get on. */
static void trylock_livelock(void) {
    lock_zoo_start("hot-alpha", try_for_ever, (void *)0);
    lock_zoo_start("hot-beta", try_for_ever, (void *)1);
}

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *wait_with_limit(void *unused) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 3600;
    pthread_mutex_lock(&locks[0]);
    pthread_cond_timedwait(&condition, &locks[0], &until);
    return unused;
}

static void timed_condition(void) { lock_zoo_start("alpha", wait_with_limit, NULL); }

/* A pool whose only worker waits for work that it would have to do itself. */
static sem_t work, done;

static void *pool_worker(void *unused) {
    sem_wait(&work);
    sem_post(&work); /* queued on the same pool */
    sem_wait(&done);
    return unused;
}

static void pool_waits_for_itself(void) {
    sem_init(&work, 0, 1);
    sem_init(&done, 0, 0);
    lock_zoo_start("worker", pool_worker, NULL);
}

const lock_zoo_program_t lock_zoo_more_programs[] = {
    {"ring-of-eight",
     "a mutex b mutex c mutex d mutex e mutex f mutex g mutex h mutex a: certain", "", ring_of_eight},
    {"chain-behind-circle", "a mutex b mutex a: certain", "c mutex b; d mutex c", chain_behind_circle},
    {"chain-to-read", "", "middle mutex last; first mutex middle; last fd -", chain_to_read},
    {"all-masked", "a mutex b mutex a: certain", "", all_masked},
    {"not-dumpable", "a mutex b mutex a: certain", "", not_dumpable},
    {"owner-elsewhere", "", "alpha mutex other", owner_elsewhere},
    {"owner-elsewhere-robust", "", "alpha mutex other", owner_elsewhere_robust},
    {"owner-elsewhere-gone", "", "alpha mutex gone", owner_elsewhere_gone},
    {"crossed-semaphores", "", "alpha semaphore -; beta semaphore -", crossed_semaphores},
    {"semaphore-under-lock", "", "alpha semaphore -; beta mutex alpha", semaphore_under_lock},
    {"barrier-under-lock", "", "alpha barrier -; beta mutex alpha", barrier_under_lock},
    {"join-of-reader", "", "joiner join reader; reader fd -", join_of_reader},
    {"crossed-joins", "alpha join beta join alpha: certain", "", crossed_joins},
    {"trylock-livelock", "", "", trylock_livelock},
    {"timed-condition", "", "alpha condition -", timed_condition},
    {"pool-of-itself", "", "worker semaphore -", pool_waits_for_itself},
    {0},
};
