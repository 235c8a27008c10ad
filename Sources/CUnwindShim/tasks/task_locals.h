/*
 * task_locals.h: values that tasks carry along, such as the number of a request.
 */
#ifndef GMR_TASK_LOCALS_H
#define GMR_TASK_LOCALS_H

#include "gmr_capture_format.h"

/* Before the first task of a report: their names. Threads: the agent thread. */
void gmr_task_locals_begin(gmr_arena_header_t *arena);

/* Adds the values of a task, from the first of its bindings on, to the arena's text. Checked reads only. Threads: the
 * agent thread. */
void gmr_task_locals_read(gmr_arena_header_t *arena, gmr_task_t *task, uint64_t first);

#endif
