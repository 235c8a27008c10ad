/*
 * threads.c: makes the threads of a scenario and knows when all of them are where they should be.
 * Threads: any may register itself; one at a time settles.  Signal handlers: zoo_arrive and zoo_spin_step only.
 */
#include "CHangZoo.h"
#include "scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    char name[16];
    pid_t tid; /* release: publishes the record; pairs with the acquire in zoo_settle() */
    int arrived;
    long blocks_in;
    volatile uint64_t spins;
    zoo_body_t body;
    void *argument;
    char look[192]; /* `syscall` and `schedstat` of the last look */
} zoo_thread_t;

enum { MOST_THREADS = 1200, DEADLINE_S = 20 };

static zoo_thread_t zoo_threads[MOST_THREADS];
static int zoo_thread_count;
static __thread zoo_thread_t *zoo_self;

void zoo_fail(const char *what) {
    dprintf(STDERR_FILENO, "HangZoo: %s: %s\n", what, strerror(errno));
    _exit(2);
}

static zoo_thread_t *new_record(const char *name, long blocks_in) {
    int index = __atomic_fetch_add(&zoo_thread_count, 1, __ATOMIC_RELAXED);
    if (index >= MOST_THREADS)
        zoo_fail("too many threads");
    zoo_thread_t *record = &zoo_threads[index];
    snprintf(record->name, sizeof record->name, "%s", name);
    record->blocks_in = blocks_in;
    return record;
}

static void register_self(zoo_thread_t *record) {
    zoo_self = record;
    pthread_setname_np(pthread_self(), record->name);
    __atomic_store_n(&record->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static ZOO_MARKER void *zoo_thread_main(void *argument) {
    zoo_thread_t *record = argument;
    register_self(record);
    record->body(record->argument);
    return NULL;
}

void zoo_spawn_sized(const char *name, long blocks_in, zoo_body_t body, void *argument, size_t stack_bytes) {
    zoo_thread_t *record = new_record(name, blocks_in);
    record->body = body;
    record->argument = argument;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes == 0 ? 1 << 20 : stack_bytes);
    pthread_t thread;
    errno = pthread_create(&thread, &attributes, zoo_thread_main, record);
    if (errno != 0)
        zoo_fail("pthread_create");
    pthread_attr_destroy(&attributes);
}

void zoo_spawn(const char *name, long blocks_in, zoo_body_t body, void *argument) {
    zoo_spawn_sized(name, blocks_in, body, argument, 0);
}

void zoo_adopt(const char *name, long blocks_in) {
    register_self(new_record(name, blocks_in));
}

void zoo_arrive(void) {
    __atomic_store_n(&zoo_self->arrived, 1, __ATOMIC_RELEASE);
}

void zoo_spin_step(void) {
    zoo_self->spins++;
}

volatile uint64_t *zoo_spin_counter(void) {
    return &zoo_self->spins;
}

__attribute__((noinline)) void zoo_keep_frame(void) {
    __asm__ volatile("" ::: "memory");
}

/* The bytes of /proc/self/task/TID/FILE, or a negative errno. */
static ssize_t read_task_file(pid_t tid, const char *file, char *buffer, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t count = read(fd, buffer, size - 1);
    int error = errno;
    close(fd);
    if (count < 0)
        return -error;
    buffer[count] = 0;
    return count;
}

/* Sleeps by the letter in `stat`: all that can be seen of a process that is not dumpable. */
static int sleeps_by_stat(pid_t tid) {
    char stat[512];
    if (read_task_file(tid, "stat", stat, sizeof stat) <= 0)
        return 0;
    const char *after_name = strrchr(stat, ')');
    return after_name != NULL && (after_name[2] == 'S' || after_name[2] == 'D');
}

/* One look; 1 when the thread is where it should be and nothing changed since the look before. */
static int is_settled(zoo_thread_t *record) {
    pid_t tid = __atomic_load_n(&record->tid, __ATOMIC_ACQUIRE);
    if (tid == 0 || !__atomic_load_n(&record->arrived, __ATOMIC_ACQUIRE))
        return 0;
    if (record->blocks_in == ZOO_SPINS)
        return record->spins != 0;
    char look[sizeof record->look] = "";
    ssize_t count = read_task_file(tid, "syscall", look, 128);
    if (count == -EACCES || count == -EPERM) {
        if (!sleeps_by_stat(tid))
            return 0;
        count = 0;
    }
    int elsewhere = count < 0 || strncmp(look, "running", 7) == 0
                    || (count > 0 && record->blocks_in >= 0 && strtol(look, NULL, 10) != record->blocks_in);
    if (read_task_file(tid, "schedstat", look + (count < 0 ? 0 : count), 64) < 0)
        return 0;
    int same = !elsewhere && strcmp(look, record->look) == 0;
    memcpy(record->look, look, sizeof look);
    return same;
}

void zoo_settle(void) {
    struct timespec began, now, between_looks = {.tv_nsec = 2000000};
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        zoo_thread_t *stray = NULL;
        int count = __atomic_load_n(&zoo_thread_count, __ATOMIC_ACQUIRE);
        for (int index = 0; index < count; index++)
            if (!is_settled(&zoo_threads[index]))
                stray = &zoo_threads[index];
        if (stray == NULL)
            return;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - began.tv_sec > DEADLINE_S) {
            dprintf(STDERR_FILENO, "HangZoo: thread %s (%d) is not where it should be: arrived %d, last look %s\n",
                    stray->name, stray->tid, stray->arrived, stray->look);
            _exit(3);
        }
        nanosleep(&between_looks, NULL);
    }
}

void zoo_announce_ready(void) {
    const char *text = getenv("ZOO_READY_FD");
    if (write(text == NULL ? STDOUT_FILENO : atoi(text), "R\n", 2) != 2)
        zoo_fail("ready byte");
}

/* The trigger's SIGUSR2 is taken by this thread, so what it calls moves; from here outward nothing does. */
ZOO_MARKER void main_waits_for_ever(void) {
    for (;;)
        pause();
}
