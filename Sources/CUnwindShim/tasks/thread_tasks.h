/*
 * thread_tasks.h: which Swift task each thread runs.
 */
#ifndef GMR_THREAD_TASKS_H
#define GMR_THREAD_TASKS_H

#include "gmr_capture_format.h"

/* Learns how glibc describes threads, and where the runtime that has this variable may have its thread-local ones. May
 * take the loader's lock. Threads: set-up, on one of glibc's. */
void gmr_thread_tasks_prepare(uint64_t variable);

#define GMR_DESCRIPTOR_ALIGNMENT 64u /* of struct pthread */
#define GMR_DESCRIPTOR_SELF 0x10u    /* tcbhead_t.self; tcbhead_t.tcb is the same, at 0 */

/* For memory that leads to itself as a thread's description does: where it is one, the slot is told so. Checked reads
 * only. Threads: the agent thread. */
void gmr_thread_tasks_meet(gmr_arena_header_t *arena, uint64_t address);

/* Before the first task of a report: forgets what slots have been told, and meets the main thread. Checked reads only.
 * Threads: the agent thread. */
void gmr_thread_tasks_begin(gmr_arena_header_t *arena);

/* When all tasks and threads have been met: fills in the slots' `task`. Checked reads only. Threads: the agent
 * thread. */
void gmr_thread_tasks_find(gmr_arena_header_t *arena);

#endif
