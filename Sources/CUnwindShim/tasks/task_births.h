/*
 * task_births.h: when and where Swift tasks were made.
 */
#ifndef GMR_TASK_BIRTHS_H
#define GMR_TASK_BIRTHS_H

#include "gmr_capture_format.h"

/* From now on tasks are noted, if the program has been linked for it. Call it only where the layout of tasks is the one
 * that is known. Threads: set-up. */
void gmr_task_births_begin(void);

/* Fills in when and where a task was made, where that was noted. Threads: the agent thread. */
void gmr_task_births_find(gmr_task_t *task);

#endif
