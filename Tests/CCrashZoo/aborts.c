/*
 * aborts.c: programs that give up, and the C library in their name.
 * Threads: main or one of their own.  Signal handlers: no.
 */
#include "zoo.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static MARKER void abort_is_called(void) { abort(); }

static MARKER void raise_is_called(void) {
    raise(SIGSEGV);
}

/* From outside: the signal meets a thread that did nothing wrong. */
static MARKER void killed_waits(void) {
    kill(getpid(), SIGBUS);
    for (;;) pause();
}

static MARKER void quit_waits(void) {
    kill(getpid(), SIGQUIT);
    for (;;) pause();
}
static void want_quit(void) { setenv("GMR_CRASH_SIGNALS", "SEGV,QUIT", 1); }

/* As a service manager ends a service whose watchdog was not served. The signal meets the main thread. */
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold;
static int crosser;
static void *crosser_asks(void *unused) {
    crosser = crash_zoo_tid();
    pthread_mutex_lock(&right);
    pthread_barrier_wait(&both_hold);
    pthread_mutex_lock(&left);
    return unused;
}
static void *watchdog_loses_patience(void *unused) {
    crash_zoo_await_futex(getpid());
    crash_zoo_await_futex(crosser);
    kill(getpid(), SIGABRT);
    return unused;
}
static MARKER void deadlocked_waits(void) {
    pthread_t crossing, watchdog;
    pthread_barrier_init(&both_hold, NULL, 2);
    pthread_mutex_lock(&left);
    pthread_create(&crossing, NULL, crosser_asks, NULL);
    pthread_barrier_wait(&both_hold);
    pthread_create(&watchdog, NULL, watchdog_loses_patience, NULL);
    pthread_mutex_lock(&right);
}

static MARKER void double_free_is_made(void) {
    void *volatile chunk = malloc(40);
    free(chunk);
    free(chunk);
}

static MARKER void *overwriter_of_worker(void *unused) {
    /* Its first allocation of such a size comes from an arena of its own, whose top follows the chunk. */
    volatile uint64_t *chunk = malloc(600);
    chunk[75] = UINT64_MAX;
    void *volatile next = malloc(100000);
    (void)next;
    return unused;
}
static MARKER void heap_is_overwritten(void) { crash_zoo_on_thread("overwriter", overwriter_of_worker); }

/* A free chunk's link is overwritten, as it is after a use of freed memory: the next but one malloc follows it. */
static MARKER void malloc_follows_link(void) {
    volatile uintptr_t *first = malloc(48), *second = malloc(48);
    free((void *)second);
    free((void *)first);
    first[0] = (uintptr_t)first >> 12 ^ UINT64_C(0x123456789ab0); /* links are stored so since glibc 2.32 */
    void *volatile again = malloc(48);
    again = malloc(48);
    (void)again;
}

extern void __stack_chk_fail(void);
static MARKER void smashed_stack_is_found(void) { __stack_chk_fail(); }

static MARKER void assertion_fails(void) {
    volatile int one = 1;
    assert(one == 2);
}

/* libc remembers an assertion that the program survived; its end is another one. */
static sigjmp_buf survived;
static void survive(int signal) {
    (void)signal;
    siglongjmp(survived, 1);
}
static MARKER void abort_after_assertion(void) {
    struct sigaction own = {.sa_handler = survive}, previous;
    sigaction(SIGABRT, &own, &previous);
    if (sigsetjmp(survived, 1) == 0) assertion_fails();
    sigaction(SIGABRT, &previous, NULL);
    abort();
}

#define HELPER "helper process"
const crash_zoo_program_t crash_zoo_aborts[] = {
    {"abort", "SIGABRT", "SI_TKILL", "abort<abort_is_called", "raised by the program", HELPER, NULL, abort_is_called},
    {"raise", "SIGSEGV", "SI_TKILL", "raise_is_called", "", HELPER, NULL, raise_is_called},
    {"killed", "SIGBUS", "SI_USER", "killed_waits", "", HELPER, NULL, killed_waits},
    {"watchdog", "SIGABRT", "SI_USER", "deadlocked_waits", "DEADLOCK: thread", HELPER, NULL, deadlocked_waits},
    {"quit", "SIGQUIT", "SI_USER", "quit_waits", "", HELPER, want_quit, quit_waits},
    {"double-free", "SIGABRT", "SI_TKILL", "abort<double_free_is_made", "free(): double free", HELPER, NULL,
     double_free_is_made},
    {"heap-overwritten", "SIGABRT", "SI_TKILL", "abort<overwriter_of_worker", "malloc(): corrupted top size", HELPER,
     NULL, heap_is_overwritten},
    {"crash-in-malloc", "SIGSEGV", "SEGV_MAPERR", "malloc_follows_link", "", HELPER, NULL, malloc_follows_link},
    {"smashed-stack", "SIGABRT", "SI_TKILL", "abort<smashed_stack_is_found", "stack smashing detected", HELPER, NULL,
     smashed_stack_is_found},
    {"assertion", "SIGABRT", "SI_TKILL", "abort<assertion_fails", "one == 2", HELPER, NULL, assertion_fails},
    {"abort-after-assertion", "SIGABRT", "SI_TKILL", "abort<abort_after_assertion", "-", HELPER, NULL,
     abort_after_assertion},
    {0},
};
