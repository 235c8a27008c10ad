/*
 * thread_start.c: an alternate signal stack for every thread, so that one that has used up its own can report.
 * Runs on the thread that starts another one, and on that one before and after its own code.
 * A handler may not run it.
 *
 * Rejected: a piece of the thread's own stack, which puts libc's frames out of a report's reach, or leaves little room
 * to the program's own handlers; giving threads a stack when a report reads them, which reaches only those that run.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

#define STACK_BYTES (256u * 1024u) /* memory only as it is used; the program's own handlers may run there too */

typedef int create_t(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

typedef struct {
    uint32_t is_taken; /* acquire by who starts a thread; release by the thread, which has copied the rest */
    void *(*body)(void *);
    void *argument;
} start_t;

/* Of threads that have been created and do not run yet. malloc would not do: a thread that never asks for memory must
 * not wait for a lock of malloc's that nobody gives back. */
static start_t starts[256];

/* With AddressSanitizer and its like linked into the same program, the function that must be told of every thread. */
__attribute__((weak)) extern create_t __interceptor_pthread_create;

static create_t *next_create;
static int is_turned_off;

__attribute__((constructor)) static void find_next(void) {
    const char *enable = getenv("GMR_ENABLE");
    is_turned_off = enable && enable[0] == '0' && !enable[1];
    /* In libgmr.so the program's interceptor comes first, and calls this. */
    int has_interceptor = &__interceptor_pthread_create && !gmr_own_interpreter;
    next_create = has_interceptor ? &__interceptor_pthread_create : (create_t *)dlsym(RTLD_NEXT, "pthread_create");
}

/* The mapping, with a page below the stack that nothing may touch; NULL where the thread has a stack already, or there
 * is no memory. */
static char *take_alternate_stack(void) {
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return NULL;
    char *mapping = mmap(NULL, GMR_PAGE_BYTES + STACK_BYTES, protection, flags, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    const stack_t wanted = {.ss_sp = mapping + GMR_PAGE_BYTES, .ss_size = STACK_BYTES};
    (void)mprotect(mapping, GMR_PAGE_BYTES, PROT_NONE);
    (void)sigaltstack(&wanted, NULL);
    return mapping;
}

static void give_alternate_stack_back(void *mapping) {
    stack_t now;
    if (!mapping || sigaltstack(NULL, &now) != 0 || now.ss_flags & SS_ONSTACK) return;
    if (now.ss_sp == (char *)mapping + GMR_PAGE_BYTES) {
        now.ss_flags = SS_DISABLE;
        (void)sigaltstack(&now, NULL);
    }
    (void)munmap(mapping, GMR_PAGE_BYTES + STACK_BYTES);
}

/* Every thread's outermost frame but libc's own. */
static void *gmr_thread_begin(void *argument) {
    const start_t start = *(start_t *)argument;
    __atomic_store_n(&((start_t *)argument)->is_taken, 0, __ATOMIC_RELEASE);
    void *result;
    /* At pthread_exit() and when it is cancelled too. */
    pthread_cleanup_push(give_alternate_stack_back, take_alternate_stack());
    result = start.body(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

/* NULL where so many threads start at once. */
static start_t *take_start(void) {
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (__atomic_exchange_n(&starts[i].is_taken, 1, __ATOMIC_ACQUIRE) == 0) return &starts[i];
    }
    return NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    if (!next_create) find_next();
    if (!next_create) return EAGAIN;
    start_t *start = is_turned_off ? NULL : take_start();
    if (!start) return next_create(thread, attributes, body, argument);
    *start = (start_t){1, body, argument};
    int error = next_create(thread, attributes, gmr_thread_begin, start);
    if (error) __atomic_store_n(&start->is_taken, 0, __ATOMIC_RELEASE);
    return error;
}

void gmr_thread_get_alternate_stack(void) {
    if (gmr_ss_gettid() == getpid()) (void)take_alternate_stack();
}
