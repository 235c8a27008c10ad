/*
 * task_reader.h: one task.
 */
#ifndef GMR_TASK_READER_H
#define GMR_TASK_READER_H

#include "gmr_capture_format.h"

/* The layout of tasks that is known here, and that the process must have. Newer runtimes have added to its end. */
#define GMR_TASK_LAYOUT_VERSION 1
#define GMR_TASK_KNOWN_BYTES 0xd0u
#define GMR_TASK_MOST_BYTES 0x200u

/* Where a task has the halves of its number. */
#define GMR_TASK_ID_LOW 0x24u
#define GMR_TASK_ID_HIGH 0x90u

#define GMR_TASK_COPY_BYTES (GMR_TASK_MOST_BYTES + 8u) /* with what some tasks have behind them */

#define GMR_TASK_SLAB_WORDS 512u  /* of a slab that are looked at */
#define GMR_TASK_CLOSURE_DEPTH 4u /* closures in closures: the compiler wraps them */
#define GMR_TASK_OBJECT_WORDS 17u /* malloc's word before it, and so much of it */

/* Copies of tasks and of what is in them: they look like tasks. */
typedef struct {
    uint8_t first[GMR_TASK_COPY_BYTES], second[GMR_TASK_COPY_BYTES];
    uint64_t page_address; /* of the page that was read last; 0: none */
    uint8_t page[GMR_PAGE_BYTES];
    uint64_t slab[GMR_TASK_SLAB_WORDS];
    uint64_t objects[GMR_TASK_CLOSURE_DEPTH][GMR_TASK_OBJECT_WORDS];
} gmr_task_copies_t;
extern gmr_task_copies_t gmr_task_copies;

/* Finds the runtime's functions that are no program's. Threads: set-up. */
void gmr_task_reader_prepare(void);

/* The number of a task, of which these are the first GMR_TASK_KNOWN_BYTES. */
static inline uint64_t gmr_task_id_in(const uint8_t *task) {
    uint32_t low, high;
    __builtin_memcpy(&low, task + GMR_TASK_ID_LOW, sizeof low);
    __builtin_memcpy(&high, task + GMR_TASK_ID_HIGH, sizeof high);
    return (uint64_t)high << 32 | low;
}

/* What has just been read of the memory, in which tasks are found: valid until the next call. */
void gmr_task_reader_see(uint64_t address, const uint8_t *copy, uint64_t bytes);

/* Reads what looks like a task, and adds it to the arena's table where it is one. Checked reads only. Threads: the
 * agent thread. */
void gmr_task_add(gmr_arena_header_t *arena, uint64_t address);

/* When all tasks have been met: looks again at those that wait for groups, and counts the children of these. A child
 * that is still there has not ended before. Checked reads only. Threads: the agent thread. */
void gmr_task_groups_confirm(gmr_arena_header_t *arena);

#endif
