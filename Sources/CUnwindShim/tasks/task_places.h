/*
 * task_places.h: which Swift tasks stand where they stood in the report before.
 */
#ifndef GMR_TASK_PLACES_H
#define GMR_TASK_PLACES_H

#include "gmr_capture_format.h"

/* When all tasks have been read: fills in since when each is known to be where it is. Threads: the agent thread. */
void gmr_task_places_compare(gmr_arena_header_t *arena);

#endif
