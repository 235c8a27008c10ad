/*
 * task_probes.h: tasks of GMR's own, of which it is known what reports have to find.
 */
#ifndef GMR_TASK_PROBES_H
#define GMR_TASK_PROBES_H

#include "gmr_capture_format.h"

/* Before the first task of a report: what is known of them. Threads: the agent thread. */
void gmr_task_probes_tell(gmr_arena_header_t *arena);

#endif
