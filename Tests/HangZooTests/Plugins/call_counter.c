/*
 * call_counter.c: preloaded, counts calls that a signal handler must not make.
 * Threads: any.  Signal handlers: what they call is what is counted.
 *
 * The counts lie in the file COUNTER_FILE, shared with the test, which sets `armed`. GMR's own threads are counted
 * apart: they allocate, and so prove that the counting works.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct counts {
    uint32_t armed;
    uint32_t application_allocations, application_locks;
    uint32_t gmr_calls;
};

static struct counts none;
static struct counts *counts = &none;
static int (*next_lock)(pthread_mutex_t *);

__attribute__((constructor)) static void map_counts(void) {
    next_lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
    const char *path = getenv("COUNTER_FILE");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0) return;
    void *mapping = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapping != MAP_FAILED) counts = mapping;
    close(fd);
}

static void count(uint32_t *application) {
    if (!__atomic_load_n(&counts->armed, __ATOMIC_ACQUIRE)) return;
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    int is_gmr = strncmp(name, "gmr-", 4) == 0;
    __atomic_fetch_add(is_gmr ? &counts->gmr_calls : application, 1, __ATOMIC_RELAXED);
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

void *malloc(size_t bytes) {
    count(&counts->application_allocations);
    return __libc_malloc(bytes);
}
void *calloc(size_t number, size_t bytes) {
    count(&counts->application_allocations);
    return __libc_calloc(number, bytes);
}
void *realloc(void *pointer, size_t bytes) {
    count(&counts->application_allocations);
    return __libc_realloc(pointer, bytes);
}
void free(void *pointer) {
    if (pointer) count(&counts->application_allocations);
    __libc_free(pointer);
}
int pthread_mutex_lock(pthread_mutex_t *mutex) {
    count(&counts->application_locks);
    if (!next_lock) next_lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
    return next_lock(mutex);
}
