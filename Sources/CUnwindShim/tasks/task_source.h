/*
 * task_source.h: the process whose Swift tasks are read: this one, or in a helper that of the arena.
 */
#ifndef GMR_TASK_SOURCE_H
#define GMR_TASK_SOURCE_H

#include "gmr_capture_format.h"

/* How its tasks are read. Threads: set-up, then the agent thread; a helper has one. */
extern gmr_task_source_t gmr_task_source;
/* 1: it is another process. */
extern int gmr_task_source_is_outside;

/* In a helper: from now on all checked reads are of the arena's process, which has this number. Returns 0 where it may
 * not be read, or where what the arena says of it cannot be. `told`: where the agent looks whether the work goes on. */
int gmr_task_source_adopt(const gmr_arena_header_t *arena, int32_t pid, gmr_arena_header_t *told);

/* The work goes on, which only a helper has to say. */
void gmr_task_source_progress(void);

/* The path of a file in /proc of one of its threads; that of ".." has all of them. Valid until the next call. */
const char *gmr_task_source_path(const char *name);

#endif
