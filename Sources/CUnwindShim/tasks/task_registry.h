/*
 * task_registry.h: the Swift tasks that the runtime itself lists, where it does.
 */
#ifndef GMR_TASK_REGISTRY_H
#define GMR_TASK_REGISTRY_H

#include "gmr_capture_format.h"

/* Finds the runtime's lists. Threads: set-up. */
void gmr_task_registry_prepare(void);

/* The addresses of all tasks, ascending: valid until the next call. Returns how many there are; 0: there is no list, or
 * it does not hold still, or does not have GMR's own tasks, or time is over. Checked reads only. Threads: the agent
 * thread. */
uint32_t gmr_task_registry_read(const gmr_arena_header_t *arena, uint64_t until_ns, const uint64_t **addresses);

#endif
