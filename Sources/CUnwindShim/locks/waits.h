/*
 * waits.h: what sleeping threads wait for, as far as their system call and the memory around it say.
 */
#ifndef GMR_WAITS_H
#define GMR_WAITS_H

#include "gmr_capture_format.h"

/* Where a queue of libdispatch's has its dq_state: in its low half is the number of the thread that drains it. As
 * measured with Swift 6.3.1. */
#define GMR_QUEUE_STATE 0x38u

/* Fills the `wait` of every captured slot that sleeps in a futex. No malloc, no lock, checked reads only.
 * Threads: the agent thread, after a capture. Signal safety: none. */
void gmr_waits_read(gmr_arena_header_t *arena);

/* Looks at these threads a second time, GMR_SECOND_LOOK_NS after the capture or later, and marks those that have not
 * moved since, with what their locks look like then; finds the mutex of those with GMR_WAIT_REFUSED. Blocks until then.
 * Returns 0 where there was another capture meanwhile, else 1. Threads: the agent thread, or the worker as long as the
 * agent waits for it. Signal safety: none. */
int gmr_waits_look_again(gmr_arena_header_t *arena);

/* 1 where the thread has slept at the same place ever since it was captured: whoever ran meanwhile may have unlocked
 * something. `task_directory` is the process's /proc/PID/task, open. Threads: the agent thread, the worker, or
 * of a helper. */
int gmr_waits_is_unmoved(int task_directory, const gmr_slot_t *slot);

#endif
