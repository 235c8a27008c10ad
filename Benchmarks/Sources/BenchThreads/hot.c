/*
 * hot.c: a thread that never sleeps, and what it notices.
 *
 * On a machine with few processors the scheduler takes the thread off its own more often than anything measured here.
 * So a gap is counted twice: as the clock shows it, and without the time for which the kernel says the thread stood
 * runnable in a queue (schedstat's second number). What is left is signals, faults, and waiting for the kernel's locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_threads.h"

#define WORTH_A_LOOK_NS 3000u

static pthread_t thread;
static uint32_t stopping;
static uint64_t largest_wall, largest_own, queued;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t run_delay_ns(int schedstat) {
    char text[96] = {0};
    if (pread(schedstat, text, sizeof text - 1, 0) <= 0) return 0;
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) : 0;
}

static void raise_to(uint64_t *largest, uint64_t value) {
    if (value > __atomic_load_n(largest, __ATOMIC_RELAXED)) __atomic_store_n(largest, value, __ATOMIC_RELAXED);
}

static void *hot_main(void *unused) {
    (void)unused;
    int schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    uint64_t delay = run_delay_ns(schedstat);
    uint64_t last = now_ns();
    while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
        uint64_t now = now_ns();
        uint64_t gap = now - last;
        last = now;
        if (gap < WORTH_A_LOOK_NS) continue;
        uint64_t delay_now = run_delay_ns(schedstat);
        uint64_t waited = delay_now - delay;
        delay = delay_now;
        last = now_ns();
        raise_to(&largest_wall, gap);
        raise_to(&largest_own, gap > waited ? gap - waited : 0);
        __atomic_fetch_add(&queued, waited, __ATOMIC_RELAXED);
    }
    if (schedstat >= 0) close(schedstat);
    return NULL;
}

int bench_hot_start(void) {
    stopping = 0;
    return -pthread_create(&thread, NULL, hot_main, NULL);
}

void bench_hot_stop(void) {
    __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
}

void bench_hot_reset(void) {
    __atomic_store_n(&largest_wall, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&largest_own, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&queued, 0, __ATOMIC_RELAXED);
}

bench_gap_t bench_hot_gap(void) {
    return (bench_gap_t){__atomic_load_n(&largest_wall, __ATOMIC_RELAXED),
                         __atomic_load_n(&largest_own, __ATOMIC_RELAXED), __atomic_load_n(&queued, __ATOMIC_RELAXED)};
}
