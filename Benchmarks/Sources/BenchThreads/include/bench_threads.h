/*
 * bench_threads.h: what a report is made of in a benchmark, and what it is measured against.
 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No orphan stays behind, whatever happens to the driver. */
void bench_end_with_parent(void);

/* Starts `count` threads that block in read() below `depth` calls; returns when all are there. 0 or -errno. */
int bench_start_blocked(uint32_t count, uint32_t depth);

/* Starts a thread that takes a mutex and blocks in read(), and `count` more that wait for the mutex; returns when all
 * are there. 0 or -errno. */
int bench_start_queue(uint32_t count);

/* Fills at least that much memory of malloc's, for good. 0 or -1. */
int bench_fill_heap(uint64_t bytes);

/* Writes to address 16. */
void bench_crash(void);

/* Sends each of them a signal whose handler only counts, and waits for all of them. Nanoseconds, or -errno. */
int64_t bench_broadcast(void);

/* A thread that reads the clock without end. */
int bench_hot_start(void);
void bench_hot_stop(void);

/* Units: nanoseconds. */
typedef struct {
    uint64_t wall;      /* the largest difference between two readings since the last call */
    uint64_t own;       /* the same less what the thread stood runnable in the scheduler's queue */
    uint64_t run_delay; /* all of that queueing */
} bench_gap_t;

/* Forgets the gaps so far, and those seen since then. */
void bench_hot_reset(void);
bench_gap_t bench_hot_gap(void);

/* Starts a thread for each of the system calls that a signal interrupts even with SA_RESTART. Returns how many. */
int bench_start_interruptible(void);

/* How often one of them saw EINTR or a short result. */
uint64_t bench_interrupted_count(void);

#ifdef __cplusplus
}
#endif
#endif
