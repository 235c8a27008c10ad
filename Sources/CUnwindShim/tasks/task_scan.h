/*
 * task_scan.h: finds Swift tasks in memory.
 */
#ifndef GMR_TASK_SCAN_H
#define GMR_TASK_SCAN_H

#include "gmr_capture_format.h"

/* Says where what is read here lies. Threads: set-up. */
void gmr_task_scan_prepare(void);

/* Searches the memory, until that moment: for threads' descriptors behind their stacks, of which the slots are told;
 * where it is to look for tasks all of it, and adds these to the arena's table by address. Returns GMR_TASKS_READ, _CUT
 * or _BLIND. Checked reads only. Threads: the agent thread, or of a helper. */
uint32_t gmr_task_scan(gmr_arena_header_t *arena, int looks_for_tasks, uint64_t until_ns);

/* Adds tasks at these addresses, which ascend. Returns GMR_TASKS_READ or _CUT. Checked reads only. Threads: the agent
 * thread. */
uint32_t gmr_task_scan_add(gmr_arena_header_t *arena, const uint64_t *addresses, uint32_t count, uint64_t until_ns);

#endif
