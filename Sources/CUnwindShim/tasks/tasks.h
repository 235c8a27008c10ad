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

#endif
