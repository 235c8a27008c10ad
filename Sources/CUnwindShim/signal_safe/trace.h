/*
 * trace.h: reads threads that do not answer, and registers that no signal has brought.
 */
#ifndef GMR_TRACE_H
#define GMR_TRACE_H

#include "safe.h"

/* Stops each thread that runs and has not answered for a moment, and copies its registers and stack: what a debugger
 * does, from a process of its own that shares this one's memory, because no thread can trace its fellows. Blocks for
 * `patience_ns` at most. Threads: the agent thread, after the capture. Signal safety: yes, but it waits. */
void gmr_ss_trace_silent(gmr_arena_header_t *arena, uint64_t patience_ns) GMR_SIGNAL_SAFE;

/* The same for the registers of threads that glibc has put to sleep for good (GMR_WAIT_REFUSED): nothing else wakes
 * these, and they go on sleeping. Threads: the agent thread or the worker, at the second look. */
void gmr_ss_trace_refused(gmr_arena_header_t *arena, uint64_t patience_ns) GMR_SIGNAL_SAFE;

#endif
