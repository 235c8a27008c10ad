/*
 * tasks.h: every live Swift task.
 */
#ifndef GMR_TASKS_H
#define GMR_TASKS_H

#include "gmr_capture_format.h"

/* Finds the runtime's own description of its tasks. May take the loader's lock. Threads: set-up. */
void gmr_tasks_prepare(void);

/* Finds and reads the tasks, for no longer than that, and a fifth of a second in a crash; tasks_want_helper says
 * whether a helper could do better: the process was in a hurry, or it has no /proc any more. Checked reads only, no
 * malloc, no lock. Threads: the agent thread. */
void gmr_tasks_read(gmr_arena_header_t *arena, uint64_t limit_ns);

/* In a helper: finds and reads the tasks of the arena's process, which has this number. The arena must be sound, and
 * nobody else's; `told` is the one that is, in which it says that the work goes on. Returns 0 where that process may
 * not be read, or has ended, or nothing was won. Checked reads only, no malloc, no lock. Threads: of a helper. */
int gmr_tasks_read_outside(gmr_arena_header_t *arena, int32_t pid, gmr_arena_header_t *told);

#endif
