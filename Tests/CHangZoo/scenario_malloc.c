/*
 * scenario_malloc.c: the lock of malloc's main arena is never given back.
 * Threads: main holds the lock; others as named.  Signal handlers: SIGUSR1's, on main.
 *
 * Main allocates and frees in a loop; SIGUSR1 interrupts it until one comes while the arena's lock is taken, and that
 * handler never returns. malloc_info() with a stream that blocks would not do: it prints after it unlocked the arena.
 * The lock is found without symbols: a free chunk in the unsorted bin points to the bin in `main_arena`, 0x60 bytes
 * behind the lock in glibc 2.26 to 2.36 at least. It is looked at, never written.
 *
 * Truth
 *   malloc-lock      main is stuck in malloc_handler_calls_blocked, signal frame, malloc or free of glibc,
 *                    malloc_outer_for_ever. `free-waiter` waits in free of a chunk of main's. Threads with an arena of
 *                    their own can still malloc.
 *   malloc-lock-all  the same with one arena for all (M_ARENA_MAX 1, set before the agent starts): every malloc of
 *                    every thread blocks, as `malloc-waiter` shows.
 */
#include "scenarios.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHUNK_BYTES = 4000, UNSORTED_BIN_OFFSET = 0x60 }; /* larger than what a thread caches without locking */

static volatile uint32_t *arena_lock;
static int arena_is_kept; /* release by the handler; pairs with the acquire in the reporter */
static pthread_t main_thread;
static void *chunk_of_main;
static int malloc_has_one_arena;

/* The compiler knows malloc and free: it drops a pair it sees through, and forgets the contents of a freed chunk. */
static void *opaque(void *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static void find_arena_lock(void) {
    void **chunk = opaque(malloc(CHUNK_BYTES));
    void *fence = opaque(malloc(CHUNK_BYTES)); /* keeps the chunk from melting into the top */
    uintptr_t address = (uintptr_t)chunk;
    free(chunk);
    chunk = opaque((void *)address);
    char *unsorted_bin = ((void *volatile *)chunk)[1]; /* `bk` of the newest; its `fd` may be an older one */
    arena_lock = (volatile uint32_t *)(unsorted_bin - UNSORTED_BIN_OFFSET);
    chunk_of_main = fence;
    if (*arena_lock != 0)
        zoo_fail("malloc's arena is not where glibc 2.36 has it");
}

static ZOO_MARKER void malloc_handler_calls_blocked(int signal) {
    (void)signal;
    if (*arena_lock == 0)
        return;
    zoo_arrive();
    __atomic_store_n(&arena_is_kept, 1, __ATOMIC_RELEASE);
    zoo_futex_wait_for_ever();
}

static ZOO_MARKER void free_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    free(chunk_of_main);
    zoo_keep_frame();
}

static ZOO_MARKER void malloc_waiter_calls_blocked(void *unused) {
    (void)unused;
    zoo_arrive();
    free(opaque(malloc(CHUNK_BYTES)));
    zoo_keep_frame();
}

/* Made before the lock is lost, because pthread_create may need malloc. */
static int waiters_may_start; /* release by the reporter; pairs with the acquire in wait_for_start() */

static void wait_for_start(void) {
    while (!__atomic_load_n(&waiters_may_start, __ATOMIC_ACQUIRE))
        usleep(100);
}

static ZOO_MARKER void free_waiter_starts(void *unused) {
    wait_for_start();
    free_waiter_calls_blocked(unused);
}

static ZOO_MARKER void malloc_waiter_starts(void *unused) {
    wait_for_start();
    malloc_waiter_calls_blocked(unused);
}

static ZOO_MARKER void reporter_waits(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&arena_is_kept, __ATOMIC_ACQUIRE)) {
        pthread_kill(main_thread, SIGUSR1);
        usleep(50);
    }
    __atomic_store_n(&waiters_may_start, 1, __ATOMIC_RELEASE);
    zoo_settle();
    zoo_announce_ready();
    zoo_futex_wait_for_ever();
}

static void allow_one_arena(int count, char *const *arguments) {
    (void)count, (void)arguments;
    mallopt(M_ARENA_MAX, 1);
    malloc_has_one_arena = 1;
}

static ZOO_MARKER void malloc_outer_for_ever(void) {
    for (;;)
        free(opaque(malloc(CHUNK_BYTES)));
}

static void serve_malloc(void) {
    find_arena_lock();
    main_thread = pthread_self();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = malloc_handler_calls_blocked;
    sigaction(SIGUSR1, &action, NULL);
    zoo_adopt("HangZoo", SYS_futex);
    zoo_spawn("free-waiter", SYS_futex, free_waiter_starts, NULL);
    if (malloc_has_one_arena)
        zoo_spawn("malloc-waiter", SYS_futex, malloc_waiter_starts, NULL);
    pthread_t reporter;
    pthread_create(&reporter, NULL, (void *(*)(void *))reporter_waits, NULL);
    pthread_setname_np(reporter, "reporter");
    malloc_outer_for_ever();
}

static void build_nothing(int count, char *const *arguments) {
    (void)count, (void)arguments;
}

const zoo_scenario_t zoo_malloc_scenarios[] = {
    {"malloc-lock", "the main arena's lock is never given back", NULL, build_nothing, NULL, serve_malloc},
    {"malloc-lock-all", "the same, with one arena for all threads", allow_one_arena, build_nothing, NULL, serve_malloc},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
