/*
 * healthy.c: programs that contend hard for ever, and never deadlock.
 * Threads: those of the program.  Signal handlers: no.
 */
#include "zoo.h"

#include <link.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8 };

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static volatile unsigned turns;

static void start_all(void *(*body)(void *)) {
    for (int i = 0; i < THREADS; i++)
        lock_zoo_start("healthy", body, NULL);
}

static void work(void) {
    for (volatile int i = 0; i < 200; i++) {
    }
}

static void *fight(void *unused) {
    for (;;) {
        pthread_mutex_lock(&locks[0]);
        work();
        pthread_mutex_unlock(&locks[0]);
    }
    return unused;
}

static void *nest(void *unused) {
    for (;;) {
        pthread_mutex_lock(&locks[0]);
        pthread_mutex_lock(&locks[1]);
        work();
        pthread_mutex_unlock(&locks[0]);
        work();
        pthread_mutex_unlock(&locks[1]);
    }
    return unused;
}

/* Either order; who does not get the second gives the first back. */
static void *try_crosswise(void *unused) {
    unsigned seed = (unsigned)(unsigned long)&seed;
    for (;;) {
        int first = rand_r(&seed) & 1;
        pthread_mutex_lock(&locks[first]);
        if (pthread_mutex_trylock(&locks[!first]) == 0)
            pthread_mutex_unlock(&locks[!first]);
        pthread_mutex_unlock(&locks[first]);
    }
    return unused;
}

static void *ping_pong(void *unused) {
    unsigned mine = __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED) % 2;
    static unsigned turn;
    for (;;) {
        pthread_mutex_lock(&locks[0]);
        while (turn % 2 != mine)
            pthread_cond_wait(&condition, &locks[0]);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&locks[0]);
    }
    return unused;
}

static void *read_mostly(void *unused) {
    for (unsigned i = 0;; i++) {
        if (i % 16 == 0)
            pthread_rwlock_wrlock(&shared);
        else
            pthread_rwlock_rdlock(&shared);
        work();
        pthread_rwlock_unlock(&shared);
    }
    return unused;
}

static void *allocate(void *unused) {
    for (;;) {
        void *blocks[32];
        for (int i = 0; i < 32; i++)
            blocks[i] = malloc((size_t)(16 << (i % 12)));
        for (int i = 0; i < 32; i++)
            free(blocks[i]);
    }
    return unused;
}

static void *nothing(void *unused) { return unused; }

static void *churn(void *unused) {
    for (;;)
        pthread_join(lock_zoo_start("child", nothing, NULL), NULL);
    return unused;
}

/* Locked by one, unlocked by another, as only a token may be. */
static void *give(void *unused) {
    for (;;) {
        pthread_mutex_lock(&locks[0]);
        pthread_mutex_unlock(&locks[1]);
    }
    return unused;
}

static void *give_back(void *unused) {
    for (;;) {
        pthread_mutex_lock(&locks[1]);
        pthread_mutex_unlock(&locks[0]);
    }
    return unused;
}

/* The lock of a FILE, and a mutex inside it. */
static FILE *output;

static void *print(void *unused) {
    for (;;) {
        flockfile(output);
        pthread_mutex_lock(&locks[0]);
        fputs("a line\n", output);
        pthread_mutex_unlock(&locks[0]);
        funlockfile(output);
    }
    return unused;
}

static int visit(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)info, (void)size, (void)unused;
    pthread_mutex_lock(&locks[0]);
    work();
    pthread_mutex_unlock(&locks[0]);
    return 0;
}

/* The loader's lock, and a mutex inside it. */
static void *iterate(void *unused) {
    for (;;) dl_iterate_phdr(visit, NULL);
    return unused;
}

/* Buffers between two sides: semaphores, and a mutex that is held for a moment. */
static sem_t empty, full;

static void *exchange(void *unused) {
    unsigned mine = __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED) % 2;
    for (;;) {
        sem_wait(mine ? &empty : &full);
        pthread_mutex_lock(&locks[0]);
        work();
        pthread_mutex_unlock(&locks[0]);
        sem_post(mine ? &full : &empty);
    }
    return unused;
}

static void printers(void) {
    output = fopen("/dev/null", "w");
    start_all(print);
}
static void iterators(void) { start_all(iterate); }
static void exchangers(void) {
    sem_init(&empty, 0, 2);
    sem_init(&full, 0, 0);
    start_all(exchange);
}
static void fighters(void) { start_all(fight); }
static void nesters(void) { start_all(nest); }
static void triers(void) { start_all(try_crosswise); }
static void players(void) { start_all(ping_pong); }
static void readers(void) { start_all(read_mostly); }
static void allocators(void) { start_all(allocate); }
static void parents(void) { start_all(churn); }
static void tokens(void) {
    lock_zoo_start("healthy", give, NULL);
    lock_zoo_start("healthy", give_back, NULL);
}

const lock_zoo_healthy_t *lock_zoo_healthy_at(int index) {
    static const lock_zoo_healthy_t programs[] = {
        {"fighters", fighters}, {"nesters", nesters},       {"triers", triers},   {"players", players},
        {"readers", readers},   {"allocators", allocators}, {"parents", parents}, {"tokens", tokens},
        {"printers", printers}, {"iterators", iterators},   {"exchangers", exchangers},
    };
    return index < (int)(sizeof programs / sizeof programs[0]) ? &programs[index] : NULL;
}
