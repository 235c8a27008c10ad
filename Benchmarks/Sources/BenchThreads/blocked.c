/*
 * blocked.c: threads that sleep at a given depth, and the cheapest signal that reaches all of them.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench_threads.h"

#define STACK_BYTES (128u * 1024u)
#define BROADCAST_SIGNAL (SIGRTMIN + 7)
#define DEADLINE_NS UINT64_C(5000000000)

static int silent_pipe[2];
static uint32_t depth_wanted;
static uint32_t thread_count, ready_count;
static pid_t *tids;
static uint32_t unanswered; /* futex */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Every level is a frame of its own: not inlined, and no tail call, because the result is used. */
__attribute__((noinline)) static int descend(uint32_t levels) {
    if (levels > 0) {
        int result = descend(levels - 1);
        __asm__ volatile("" : "+r"(result));
        return result + 1;
    }
    char byte;
    __atomic_fetch_add(&ready_count, 1, __ATOMIC_RELEASE);
    return (int)read(silent_pipe[0], &byte, 1);
}

static void *blocked_main(void *index) {
    /* The creator may be a worker of libdispatch, which blocks nearly everything. */
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    tids[(uintptr_t)index] = (pid_t)syscall(SYS_gettid);
    return (void *)(intptr_t)descend(depth_wanted - 1);
}

static void count_answer(int signal) {
    (void)signal;
    if (__atomic_sub_fetch(&unanswered, 1, __ATOMIC_ACQ_REL) == 0) {
        syscall(SYS_futex, &unanswered, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

void bench_end_with_parent(void) { (void)prctl(PR_SET_PDEATHSIG, SIGKILL); }

static int wait_until_ready(uint32_t count) {
    uint64_t deadline = now_ns() + DEADLINE_NS;
    while (__atomic_load_n(&ready_count, __ATOMIC_ACQUIRE) < count) {
        if (now_ns() > deadline) return -ETIMEDOUT;
        usleep(1000);
    }
    usleep(20000); /* from the count into the call */
    return 0;
}

int bench_start_blocked(uint32_t count, uint32_t depth) {
    depth_wanted = depth;
    tids = calloc(count, sizeof *tids);
    if (tids == NULL || pipe(silent_pipe) != 0) return -errno;
    struct sigaction action = {.sa_handler = count_answer, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    if (sigaction(BROADCAST_SIGNAL, &action, NULL) != 0) return -errno;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (; thread_count < count; thread_count++) {
        pthread_t thread;
        int error = pthread_create(&thread, &attributes, blocked_main, (void *)(uintptr_t)thread_count);
        if (error) return -error;
    }
    pthread_attr_destroy(&attributes);
    return wait_until_ready(count);
}

static pthread_mutex_t queued_for = PTHREAD_MUTEX_INITIALIZER;

static void *hold_main(void *unused) {
    char byte;
    pthread_mutex_lock(&queued_for);
    __atomic_fetch_add(&ready_count, 1, __ATOMIC_RELEASE);
    return read(silent_pipe[0], &byte, 1) < 0 ? unused : NULL;
}

static void *queue_main(void *unused) {
    __atomic_fetch_add(&ready_count, 1, __ATOMIC_RELEASE);
    pthread_mutex_lock(&queued_for);
    return unused;
}

int bench_start_queue(uint32_t count) {
    if (pipe(silent_pipe) != 0) return -errno;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (uint32_t i = 0; i <= count; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, &attributes, i == 0 ? hold_main : queue_main, NULL);
        if (error) return -error;
        if (i == 0 && (error = wait_until_ready(1))) return error;
    }
    pthread_attr_destroy(&attributes);
    return wait_until_ready(count + 1);
}

int64_t bench_broadcast(void) {
    pid_t pid = getpid();
    uint64_t begin = now_ns();
    __atomic_store_n(&unanswered, thread_count, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < thread_count; i++) {
        if (syscall(SYS_tgkill, pid, tids[i], BROADCAST_SIGNAL) != 0) return -errno;
    }
    uint32_t left;
    while ((left = __atomic_load_n(&unanswered, __ATOMIC_ACQUIRE)) > 0) {
        struct timespec limit = {.tv_sec = 1};
        syscall(SYS_futex, &unanswered, FUTEX_WAIT_PRIVATE, left, &limit, NULL, 0);
        if (now_ns() - begin > DEADLINE_NS) return -ETIMEDOUT;
    }
    return (int64_t)(now_ns() - begin);
}

void bench_crash(void) {
    int *volatile nowhere = (int *)16;
    *nowhere = 1;
}
