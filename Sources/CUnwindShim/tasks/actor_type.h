/*
 * actor_type.h: the actor whose executor a task waits for.
 */
#ifndef GMR_ACTOR_TYPE_H
#define GMR_ACTOR_TYPE_H

#include "gmr_capture_format.h"

/* Fills in the type of the actor that `task->awaited` is, where it is one. Checked reads only. Threads: the agent
 * thread. */
void gmr_actor_read(gmr_arena_header_t *arena, gmr_task_t *task);

#endif
