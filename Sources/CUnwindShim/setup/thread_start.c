/*
 * thread_start.c: an alternate signal stack for every thread, so that one that has used up its own can report.
 * Runs on the thread that starts another one, and on that one before its own code.
 * A handler may not run it.
 *
 * It is a piece of the thread's own stack, at the end that is used first: nothing to be freed, nothing that outlives
 * the thread, no memory until a handler runs there. Rejected: a mapping for each thread; giving threads a stack when a
 * report reads them, which reaches only those that run.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

#define ALTERNATE_BYTES (32u * 1024u)
#define MAIN_ALTERNATE_BYTES (64u * 1024u)
#define SHARE 8u /* of a small stack, at most one in so many bytes */
#define HANDLER_BYTES 4096u /* what GMR's own handlers need, and more */

typedef int create_t(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

typedef struct {
    void *(*body)(void *);
    void *argument;
    size_t alternate_bytes;
} start_t;

/* Under AddressSanitizer and its like the function that must be told of every thread. */
__attribute__((weak)) extern create_t __interceptor_pthread_create;

static create_t *next_create;
static int is_turned_off;

__attribute__((constructor)) static void find_next(void) {
    const char *enable = getenv("GMR_ENABLE");
    is_turned_off = enable && enable[0] == '0' && !enable[1];
    next_create = &__interceptor_pthread_create ? &__interceptor_pthread_create
                                                : (create_t *)dlsym(RTLD_NEXT, "pthread_create");
}

/* What of such a stack may become an alternate one; 0 where that would be too little for a handler. */
static size_t alternate_bytes(const pthread_attr_t *attributes) {
    pthread_attr_t defaults;
    size_t stack_bytes = 0;
    if (attributes) {
        (void)pthread_attr_getstacksize(attributes, &stack_bytes);
    } else if (pthread_attr_init(&defaults) == 0) {
        (void)pthread_attr_getstacksize(&defaults, &stack_bytes);
        (void)pthread_attr_destroy(&defaults);
    }
    size_t bytes = stack_bytes / SHARE < ALTERNATE_BYTES ? stack_bytes / SHARE : ALTERNATE_BYTES;
    return bytes >= getauxval(AT_MINSIGSTKSZ) + HANDLER_BYTES ? bytes & ~(size_t)15 : 0;
}

/* The thread's last frames may lie where the stack was. */
static void give_back(void *memory) {
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || now.ss_sp != memory) return;
    now.ss_flags = SS_DISABLE;
    (void)sigaltstack(&now, NULL);
}

/* Every thread's outermost frame but libc's own. */
static void *gmr_thread_begin(void *argument) {
    const start_t start = *(start_t *)argument;
    free(argument);
    uint8_t memory[start.alternate_bytes] __attribute__((aligned(16)));
    stack_t wanted = {.ss_sp = memory, .ss_size = start.alternate_bytes};
    void *result;
    (void)sigaltstack(&wanted, NULL);
    pthread_cleanup_push(give_back, memory);
    result = start.body(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    if (!next_create) find_next();
    if (!next_create) return EAGAIN;
    size_t bytes = is_turned_off ? 0 : alternate_bytes(attributes);
    start_t *start = bytes ? malloc(sizeof *start) : NULL;
    if (!start) return next_create(thread, attributes, body, argument);
    *start = (start_t){body, argument, bytes};
    int error = next_create(thread, attributes, gmr_thread_begin, start);
    if (error) free(start);
    return error;
}

void gmr_thread_get_alternate_stack(void) {
    static uint8_t memory[MAIN_ALTERNATE_BYTES] __attribute__((aligned(16)));
    stack_t now, wanted = {.ss_sp = memory, .ss_size = sizeof memory};
    if (gmr_ss_gettid() != getpid() || sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
    (void)sigaltstack(&wanted, NULL);
}
