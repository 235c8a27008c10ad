/*
 * places.c: crashes where a handler meets what it does not expect.
 * Threads: many.  Signal handlers: those that crash.
 */
#include "zoo.h"

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static MARKER void place_faults(void) { (void)*(volatile int *)crash_zoo_opaque(0x20); }

static MARKER void handler_faults(int signal) {
    (void)signal;
    place_faults();
}
static MARKER void in_signal_handler(void) {
    signal(SIGUSR1, handler_faults);
    raise(SIGUSR1);
}

/* The program's own alternate stack, in the place of GMR's. */
static MARKER void on_alternate_stack(void) {
    stack_t own = {.ss_sp = malloc(65536), .ss_size = 65536};
    struct sigaction action = {.sa_handler = handler_faults, .sa_flags = SA_ONSTACK};
    sigaltstack(&own, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

static MARKER void at_exit_faults(void) { place_faults(); }
static MARKER void after_exit_began(void) {
    atexit(at_exit_faults);
    exit(0);
}

static atomic_int meeting;
static MARKER void *twin_faults(void *unused) {
    meeting++;
    while (meeting < 2) {
    }
    place_faults();
    return unused;
}
static MARKER void two_threads_at_once(void) {
    pthread_t other;
    if (pthread_create(&other, NULL, twin_faults, NULL) != 0) crash_zoo_fail("pthread_create");
    (void)twin_faults(NULL);
}

/* The report of the first is being made: their crashes are others. */
static atomic_int first_to_crash;
static MARKER void *second_divides(void *unused) {
    volatile int zero = 0;
    crash_zoo_await_futex(first_to_crash);
    zero = 1 / zero;
    return unused;
}
static MARKER void *third_traps(void *unused) {
    crash_zoo_await_futex(first_to_crash);
    crash_zoo_trap();
    return unused;
}
static MARKER void three_threads(void) {
    pthread_t second, third;
    first_to_crash = crash_zoo_tid();
    if (pthread_create(&second, NULL, second_divides, NULL) != 0 ||
        pthread_create(&third, NULL, third_traps, NULL) != 0) {
        crash_zoo_fail("pthread_create");
    }
    place_faults();
}

/* Coroutines as libraries make them: the thread's stack pointer is elsewhere, and nothing calls the first function. */
static ucontext_t outside, inside;
static char context_stack[64 * 1024];
static MARKER void context_calls(void) { place_faults(); }
static MARKER void context_begins(void) {
    swapcontext(&inside, &outside);
    context_calls();
}
static MARKER void on_context(void) {
    getcontext(&inside);
    inside.uc_stack = (stack_t){.ss_sp = context_stack, .ss_size = sizeof context_stack};
    inside.uc_link = &outside;
    makecontext(&inside, context_begins, 0);
    swapcontext(&outside, &inside);
    swapcontext(&outside, &inside);
}
static MARKER void *context_of_worker(void *unused) {
    on_context();
    return unused;
}
static MARKER void on_context_of_worker(void) { crash_zoo_on_thread("fibres", context_of_worker); }

static sem_t started;
static MARKER void *crowd_waits(void *unused) {
    sem_post(&started);
    for (;;) pause();
    return unused;
}
static MARKER void with_thousand_threads(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    sem_init(&started, 0, 0);
    for (int i = 0; i < 1000; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, crowd_waits, NULL) != 0) crash_zoo_fail("pthread_create");
    }
    for (int i = 0; i < 1000; i++) {
        while (sem_wait(&started) != 0) {
        }
    }
    place_faults();
}

static MARKER int callback_faults(struct dl_phdr_info *info, size_t bytes, void *unused) {
    (void)info, (void)bytes, (void)unused;
    place_faults();
    return 0;
}
/* The loader's lock is held. */
static MARKER void in_loader(void) { dl_iterate_phdr(callback_faults, NULL); }

/* stdio's lock is held. */
static MARKER void with_stream_locked(void) {
    flockfile(stderr);
    place_faults();
}

/* What the descriptor's cookie holds is called with malloc's or stdio's state in disorder. */
static MARKER ssize_t writer_faults(void *cookie, const char *bytes, size_t count) {
    (void)cookie, (void)bytes;
    place_faults();
    return (ssize_t)count;
}
static MARKER void in_stream_writer(void) {
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = writer_faults});
    fputs("text\n", stream);
    fflush(stream);
}

/* All of the program's heap, arenas and stdio buffers are rubbish. */
static MARKER void with_heap_overwritten(void) {
    size_t bytes;
    void *heap = crash_zoo_heap(&bytes);
    memset(heap, 0xa5, bytes);
    place_faults();
}

/* A handler of the program's own, put there before GMR's, still has the last word: it ends the process with 3. */
static void own_handler_exits(int signal) {
    (void)signal;
    _exit(3);
}
static void install_own_handler(void) { signal(SIGSEGV, own_handler_exits); }

/* Before main(): GMR is set up in a constructor, and the next one fails. */
__attribute__((constructor)) static void constructor_aborts(void) {
    if (!getenv("CRASH_ZOO_CONSTRUCTOR")) return;
    crash_zoo_set_up();
    crash_zoo_start_bystander();
    (void)!write(STDOUT_FILENO, "ready\n", 6);
    abort();
}

#define HELPER "helper process"
#define FAULT(name, stack, body) {name, "SIGSEGV", "SEGV_MAPERR", stack, "", HELPER, NULL, body}
const crash_zoo_program_t crash_zoo_places[] = {
    FAULT("in-signal-handler", "place_faults<handler_faults<in_signal_handler", in_signal_handler),
    FAULT("on-alternate-stack", "place_faults<handler_faults<on_alternate_stack", on_alternate_stack),
    FAULT("after-exit-began", "place_faults<at_exit_faults<after_exit_began", after_exit_began),
    FAULT("two-threads-at-once", "place_faults<twin_faults", two_threads_at_once),
    FAULT("three-threads", "place_faults<three_threads", three_threads),
    FAULT("on-context", "place_faults<context_calls<context_begins", on_context),
    FAULT("on-context-of-worker", "place_faults<context_calls<context_begins", on_context_of_worker),
    FAULT("thousand-threads", "place_faults<with_thousand_threads", with_thousand_threads),
    FAULT("in-loader", "place_faults<callback_faults<in_loader", in_loader),
    FAULT("stream-locked", "place_faults<with_stream_locked", with_stream_locked),
    FAULT("in-stream-writer", "place_faults<writer_faults<in_stream_writer", in_stream_writer),
    FAULT("all-of-heap", "place_faults<with_heap_overwritten", with_heap_overwritten),
    {"own-handler", "SIGSEGV then exit 3", "SEGV_MAPERR", "place_faults", "", HELPER, install_own_handler,
     place_faults},
    {0},
};
