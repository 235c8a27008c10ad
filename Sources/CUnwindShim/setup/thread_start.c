/*
 * thread_start.c: an alternate signal stack for every thread, so that one that has used up its own can report.
 * Runs on the thread that starts another one, and on that one before its own code.
 * A handler may not run it.
 *
 * It is a piece of the thread's own stack, at the end that is used first, by which the stack is made larger: nothing
 * to be freed, nothing that outlives the thread, no memory until a handler runs there. Rejected: a mapping for each
 * thread; giving threads a stack when a report reads them, which reaches only those that run.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../signal_safe/syscalls_x86_64.h"
#include "agent_state.h"

#define LARGEST_BYTES (256u * 1024u) /* the program's own handlers may run there too */
#define SHARE 4u                     /* of a stack, one in so many bytes, but for small ones */
#define HANDLER_BYTES 8192u          /* what GMR's own handlers need, and more */
#define OWN_STACK_BYTES (1u << 20)   /* a stack of the program's making gives some of it, if it is so large */

typedef int create_t(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

typedef struct {
    void *(*body)(void *);
    void *argument;
    size_t alternate_bytes;
} start_t;

/* With AddressSanitizer and its like linked into the same program, the function that must be told of every thread. */
__attribute__((weak)) extern create_t __interceptor_pthread_create;

/* In CGMRPreload: this code is in libgmr.so. There the program's interceptor comes first, and calls this. */
__attribute__((weak)) extern const char gmr_own_interpreter[];

static create_t *next_create;
static int is_turned_off;

__attribute__((constructor)) static void find_next(void) {
    const char *enable = getenv("GMR_ENABLE");
    is_turned_off = enable && enable[0] == '0' && !enable[1];
    int has_interceptor = &__interceptor_pthread_create && !gmr_own_interpreter;
    next_create = has_interceptor ? &__interceptor_pthread_create : (create_t *)dlsym(RTLD_NEXT, "pthread_create");
}

/* How large an alternate stack is to be, of a thread with these attributes. `*larger` is a copy of them with room for
 * it, unless the program has made the stack itself. */
static size_t prepare(const pthread_attr_t *attributes, pthread_attr_t *larger) {
    void *start = NULL;
    size_t stack_bytes = 0;
    if (!attributes && pthread_attr_init(larger) != 0) return 0;
    /* Not a copy that is destroyed: what it points to stays the program's. */
    if (attributes) *larger = *attributes;
    if (pthread_attr_getstacksize(larger, &stack_bytes) != 0) return 0;
    size_t least = getauxval(AT_MINSIGSTKSZ) + HANDLER_BYTES, bytes = stack_bytes / SHARE;
    if (bytes > LARGEST_BYTES) bytes = LARGEST_BYTES;
    if (bytes < least) bytes = least;
    bytes = (bytes + GMR_PAGE_BYTES - 1) & ~(size_t)(GMR_PAGE_BYTES - 1);
    /* Without a stack of the program's, glibc says that one of that size ends at address 0. */
    (void)pthread_attr_getstack(larger, &start, &stack_bytes);
    if ((uintptr_t)start + stack_bytes != 0) return stack_bytes >= OWN_STACK_BYTES ? OWN_STACK_BYTES / 16 : 0;
    return pthread_attr_setstacksize(larger, stack_bytes + bytes) == 0 ? bytes : 0;
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
    stack_t now, wanted = {.ss_sp = memory, .ss_size = start.alternate_bytes};
    void *result;
    if (sigaltstack(NULL, &now) == 0 && now.ss_flags & SS_DISABLE) (void)sigaltstack(&wanted, NULL);
    pthread_cleanup_push(give_back, memory);
    result = start.body(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    pthread_attr_t larger;
    if (!next_create) find_next();
    if (!next_create) return EAGAIN;
    size_t bytes = is_turned_off ? 0 : prepare(attributes, &larger);
    start_t *start = bytes ? malloc(sizeof *start) : NULL;
    if (start) {
        *start = (start_t){body, argument, bytes};
        if (next_create(thread, &larger, gmr_thread_begin, start) == 0) return 0;
        free(start);
    }
    /* Perhaps there is room for what was asked for. */
    return next_create(thread, attributes, body, argument);
}

void gmr_thread_get_alternate_stack(void) {
    const int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
    stack_t now, wanted = {.ss_size = LARGEST_BYTES};
    if (gmr_ss_gettid() != getpid() || sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
    char *memory = mmap(NULL, GMR_PAGE_BYTES + LARGEST_BYTES, protection, flags, -1, 0);
    if (memory == MAP_FAILED) return;
    (void)mprotect(memory, GMR_PAGE_BYTES, PROT_NONE);
    wanted.ss_sp = memory + GMR_PAGE_BYTES;
    (void)sigaltstack(&wanted, NULL);
}
