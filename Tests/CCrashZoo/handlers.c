/*
 * handlers.c: crashes in programs with crash handlers and alternate stacks of their own.
 * Threads: main, and one of their own.  Signal handlers: the program's own, over and under GMR's.
 */
#include "zoo.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static MARKER void guarded_faults(void) { (void)*(volatile int *)crash_zoo_opaque(0x40); }

/* Below GMR's: has the end that it was given. */
static void first_gives_up(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    struct sigaction none = {.sa_handler = SIG_DFL};
    sigaction(signal, &none, NULL);
}
static void install_first(void) {
    struct sigaction action = {.sa_sigaction = first_gives_up, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
}

/* Over GMR's: calls the one that it found, as libraries do that share a signal. */
static struct sigaction found;
static _Atomic int calls;
static void later_calls_found(int signal, siginfo_t *info, void *context) {
    /* Of a loop nothing else would be seen. */
    if (++calls > 16) _exit(9);
    if (found.sa_flags & SA_SIGINFO) found.sa_sigaction(signal, info, context);
    else if (found.sa_handler == SIG_DFL) first_gives_up(signal, info, context);
}
static void install_later(void) {
    struct sigaction action = {.sa_sigaction = later_calls_found, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, &found);
    if (!(found.sa_flags & SA_SIGINFO)) crash_zoo_fail("there is no handler of GMR's");
}
static MARKER void handler_over_ours(void) {
    install_later();
    guarded_faults();
}

/* GMR's is below it, and over it too: each calls the other one. */
static MARKER void handlers_in_circle(void) {
    install_later();
    crash_zoo_stop();
    crash_zoo_set_up();
    guarded_faults();
}

/* The stack that GMR gives to threads has room for handlers of the program. */
enum { BIG_FRAME_BYTES = 100 * 1024 };
static atomic_int rounds;
static MARKER void big_handler(int signal) {
    (void)signal;
    volatile char frame[BIG_FRAME_BYTES];
    stack_t now;
    sigaltstack(NULL, &now);
    if (!(now.ss_flags & SS_ONSTACK)) crash_zoo_fail("the thread has no alternate stack");
    for (int i = 0; i < BIG_FRAME_BYTES; i++) frame[i] = (char)i;
    if (rounds++ == 1) guarded_faults();
    for (int i = 0; i < BIG_FRAME_BYTES; i++) {
        if (frame[i] != (char)i) crash_zoo_fail("the frame is overwritten");
    }
}
static MARKER void *big_handler_runs(void *unused) {
    raise(SIGUSR1);
    raise(SIGUSR1);
    return unused;
}
static MARKER void in_big_handler(void) {
    struct sigaction action = {.sa_handler = big_handler, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    crash_zoo_on_thread("big", big_handler_runs);
}

/* The handler overruns its stack. What the kernel keeps for the fault it puts at the beginning of that, over what it
 * kept for the first signal: there the stack leads back to the handler, over and over. */
static MARKER void overrunning_handler(int signal) {
    volatile char frame[BIG_FRAME_BYTES];
    frame[0] = (char)signal;
}
static MARKER void overrun_of_handler(void) {
    enum { SMALL_BYTES = 32 * 1024 };
    char *guarded = mmap(NULL, 2 * BIG_FRAME_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t own = {.ss_sp = guarded + 2 * BIG_FRAME_BYTES - SMALL_BYTES, .ss_size = SMALL_BYTES};
    struct sigaction action = {.sa_handler = overrunning_handler, .sa_flags = SA_ONSTACK};
    if (mprotect(own.ss_sp, SMALL_BYTES, PROT_READ | PROT_WRITE) != 0) crash_zoo_fail("mprotect");
    sigaltstack(&own, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

/* While the report is made, another thread maps memory where there was none: the same instruction would succeed. */
static const uintptr_t place = UINT64_C(0x765432100000);
static atomic_int mapper_runs;
static int toucher;
static void *mapper_maps(void *unused) {
    mapper_runs = 1;
    crash_zoo_await_futex(toucher);
    void *memory = mmap((void *)place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                        -1, 0);
    if (memory != (void *)place) crash_zoo_fail("mmap");
    (void)!write(STDOUT_FILENO, "mapped\n", 7);
    for (;;) pause();
    return unused;
}
static MARKER void page_comes_later(void) {
    pthread_t mapper;
    toucher = crash_zoo_tid();
    pthread_create(&mapper, NULL, mapper_maps, NULL);
    while (!mapper_runs) {
    }
    (void)*(volatile int *)crash_zoo_opaque(place);
}

#define HELPER "helper process"
#define FAULT(name, stack, prepare, body) {name, "SIGSEGV", "SEGV_MAPERR", stack, "", HELPER, prepare, body}
const crash_zoo_program_t crash_zoo_handlers[] = {
    FAULT("handler-over-ours", "guarded_faults<handler_over_ours", install_first, handler_over_ours),
    FAULT("handler-over-ours-alone", "guarded_faults<handler_over_ours", NULL, handler_over_ours),
    FAULT("handlers-in-circle", "guarded_faults<handlers_in_circle", NULL, handlers_in_circle),
    FAULT("handlers-in-circle-over-first", "guarded_faults<handlers_in_circle", install_first, handlers_in_circle),
    FAULT("in-big-handler", "guarded_faults<big_handler<big_handler_runs", NULL, in_big_handler),
    {"overrun-of-handler", "SIGSEGV", "SEGV_ACCERR", "overrunning_handler", "", HELPER, NULL, overrun_of_handler},
    FAULT("page-comes-later", "page_comes_later", NULL, page_comes_later),
    {0},
};
