/*
 * zoo.c: threads and meeting points, and the list of all programs.
 * Threads: any.  Signal handlers: no.
 */
#include "zoo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t meeting;

void lock_zoo_fail(const char *what) {
    fprintf(stderr, "LockZoo: %s: %s\n", what, strerror(errno));
    _exit(2);
}

typedef struct {
    char name[16];
    void *(*body)(void *);
    void *argument;
} start_t;

static void *run(void *argument) {
    start_t start = *(start_t *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    return start.body(start.argument);
}

pthread_t lock_zoo_start(const char *name, void *(*body)(void *), void *argument) {
    start_t *start = calloc(1, sizeof *start);
    pthread_t thread;
    snprintf(start->name, sizeof start->name, "%s", name);
    start->body = body;
    start->argument = argument;
    errno = pthread_create(&thread, NULL, run, start);
    if (errno)
        lock_zoo_fail("pthread_create");
    return thread;
}

void lock_zoo_expect(unsigned count) { pthread_barrier_init(&meeting, NULL, count); }

void lock_zoo_meet(void) { pthread_barrier_wait(&meeting); }

void lock_zoo_read_for_ever(void) {
    int ends[2];
    char byte;
    if (pipe(ends) != 0)
        lock_zoo_fail("pipe");
    while (read(ends[0], &byte, 1) != 0) {
    }
}

const lock_zoo_program_t *lock_zoo_program_at(int index) {
    const lock_zoo_program_t *lists[] = {lock_zoo_mutex_programs, lock_zoo_other_programs, lock_zoo_inside_programs,
                                         lock_zoo_more_programs, lock_zoo_cxx_programs};
    for (unsigned list = 0; list < sizeof lists / sizeof lists[0]; list++) {
        for (const lock_zoo_program_t *program = lists[list]; program->name; program++) {
            if (index-- == 0)
                return program;
        }
    }
    return NULL;
}
