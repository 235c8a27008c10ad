/*
 * tasks.h: every live Swift task, from the heap.
 */
#ifndef GMR_TASKS_H
#define GMR_TASKS_H

#include "gmr_capture_format.h"

/* Finds the runtime's own description of its tasks. May take the loader's lock. Threads: set-up. */
void gmr_tasks_prepare(void);

/* Finds and reads the tasks, for no longer than that, and a fifth of a second in a crash. Checked reads only, no
 * malloc, no lock. Threads: the agent thread. */
void gmr_tasks_read(gmr_arena_header_t *arena, uint64_t limit_ns);

/* Whether a helper could do better: the process was in a hurry, for it crashed, or it has no /proc any more. */
int gmr_tasks_are_for_helper(const gmr_arena_header_t *arena);

/* In a helper: finds and reads the tasks of the arena's process, where that is for it and it may. The arena must be
 * sound; `pid` is not taken from it where it is not believed. Says that the work goes on. Checked reads only, no
 * malloc, no lock. Threads: of a helper. */
void gmr_tasks_read_outside(gmr_arena_header_t *arena, int32_t pid);

#endif
