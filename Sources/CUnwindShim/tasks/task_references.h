/*
 * task_references.h: which tasks have hold of the semaphores that threads wait for.
 */
#ifndef GMR_TASK_REFERENCES_H
#define GMR_TASK_REFERENCES_H

#include "gmr_capture_format.h"

/* Before the first task of a report, when the threads' waits have been read. Threads: the agent thread. */
void gmr_task_references_begin(gmr_arena_header_t *arena);

/* How many semaphores are looked for in this report. */
uint32_t gmr_task_references_sought(void);

/* Searches a task's own memory, from `first_slab` on, and what its closures have captured. Checked reads only; where
 * little time for all tasks together is over, or there is too much, task_references_cut says so. Threads: the agent
 * thread. */
void gmr_task_references_read(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t first_slab);

#endif
