/*
 * zoo.c: the list of all programs, and the thread that stands by.
 * Threads: any.  Signal handlers: no.
 */
#include "zoo.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void crash_zoo_fail(const char *what) {
    fprintf(stderr, "CrashZoo: %s: %s\n", what, strerror(errno));
    _exit(2);
}

void *crash_zoo_opaque(uintptr_t address) {
    void *volatile result = (void *)address;
    return result;
}

void crash_zoo_on_thread(const char *name, void *(*body)(void *)) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, body, (void *)name);
    if (errno) crash_zoo_fail("pthread_create");
    pthread_join(thread, NULL);
}

int crash_zoo_tid(void) { return (int)syscall(SYS_gettid); }

void crash_zoo_await_futex(int tid) {
    char path[64], text[16];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    for (;; usleep(1000)) {
        FILE *file = fopen(path, "r");
        int sleeps = file && fgets(text, sizeof text, file) && strncmp(text, "202 ", 4) == 0;
        if (file) fclose(file);
        if (sleeps) return;
    }
}

void *crash_zoo_heap(size_t *bytes) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long start = 0, end = 0;
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &start, &end) == 2) break;
    }
    *bytes = end - start;
    return (void *)start;
}

static sem_t is_there, never;
static int bystander_tid;

static MARKER void bystander_waits(void) {
    sem_post(&is_there);
    while (sem_wait(&never) != 0) {
    }
}

static MARKER void *bystander_begins(void *unused) {
    pthread_setname_np(pthread_self(), "bystander");
    bystander_tid = crash_zoo_tid();
    bystander_waits();
    return unused;
}

void crash_zoo_start_bystander(void) {
    pthread_t thread;
    sem_init(&is_there, 0, 0);
    sem_init(&never, 0, 0);
    errno = pthread_create(&thread, NULL, bystander_begins, NULL);
    if (errno) crash_zoo_fail("pthread_create");
    while (sem_wait(&is_there) != 0) {
    }
    crash_zoo_await_futex(bystander_tid);
}

const crash_zoo_program_t *crash_zoo_program_at(int index) {
    const crash_zoo_program_t *lists[] = {
        crash_zoo_faults, crash_zoo_aborts, crash_zoo_places, crash_zoo_handlers, crash_zoo_limits, crash_zoo_cxx};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const crash_zoo_program_t *program = lists[i]; program->name; program++) {
            if (index-- == 0) return program;
        }
    }
    return NULL;
}
