/*
 * trace.h: reads threads that do not answer.
 */
#ifndef GMR_TRACE_H
#define GMR_TRACE_H

#include "safe.h"

/* Stops each thread that runs and has not answered for a moment, and copies its registers and stack: what a debugger
 * does, from a process of its own that shares this one's memory, because no thread can trace its fellows. Blocks for
 * `patience_ns` at most. Threads: the agent thread, after the capture. Signal safety: yes, but it waits. */
void gmr_ss_trace_silent(gmr_arena_header_t *arena, uint64_t patience_ns) GMR_SIGNAL_SAFE;

#endif
