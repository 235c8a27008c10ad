/*
 * walker.h: from copied registers and stacks to frames.
 */
#ifndef GMR_WALKER_H
#define GMR_WALKER_H

#include "gmr_capture_format.h"

/* Loads libunwind with RTLD_LOCAL and makes the address space. Returns 0, or a negative errno: -ENOENT where the
 * library is not installed. Threads: set-up, once. Signal safety: none. */
int gmr_walker_load(void);

/* Walks every captured slot. No malloc, no loader lock. Threads: the agent thread. Signal safety: none. */
void gmr_walk_all(gmr_arena_header_t *arena);

/* In a fork child whose parent was walking: the cache's lock may be taken for ever. Threads: the agent thread. */
void gmr_walker_go_without_cache(void);

/* After the first walk: libunwind ignores a cache size that is set before its first use. Threads: set-up. */
void gmr_walker_enlarge_cache(void);

#endif
