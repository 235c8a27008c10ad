/*
 * frame_pointer.h: the frame pointer of a thread that was read from outside: /proc gives only SP and PC.
 */
#ifndef GMR_FRAME_POINTER_H
#define GMR_FRAME_POINTER_H

#include "gmr_capture_format.h"

enum {
    GMR_RBP_NOT_FOUND = 0,
    GMR_RBP_FROM_PROLOGUE = 1, /* follows from the function's prologue, and a call leads to the function */
    GMR_RBP_SEARCHED = 2,      /* the nearest return address behind a call of the function; an old one may lie nearer */
};

/* The frame pointer of the function at `function` up to `end`, whose stack pointer is `sp` at its current call.
 * Returns GMR_RBP_*. Threads: the agent thread. */
int gmr_find_frame_pointer(const gmr_arena_header_t *arena, const gmr_slot_t *slot, uint64_t function, uint64_t end,
                           uint64_t pc, uint64_t sp, uint64_t *rbp);

#endif
