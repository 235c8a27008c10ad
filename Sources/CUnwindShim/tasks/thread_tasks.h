/*
 * thread_tasks.h: which Swift task each thread runs.
 */
#ifndef GMR_THREAD_TASKS_H
#define GMR_THREAD_TASKS_H

#include "gmr_capture_format.h"

/* Learns how glibc describes threads. Threads: set-up, on one of glibc's. */
void gmr_thread_tasks_prepare(void);

/* For a word of memory that holds its own address: where a thread's description begins there, its slot is told so.
 * Checked reads only. Threads: the agent thread. */
void gmr_thread_tasks_meet(gmr_arena_header_t *arena, uint64_t address);

/* When all tasks and threads have been met: fills in the slots' `task`. Checked reads only. Threads: the agent
 * thread. */
void gmr_thread_tasks_find(gmr_arena_header_t *arena);

#endif
