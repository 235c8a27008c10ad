/*
 * helper_spawn.h: starts the helper process: this process's own executable over the arena.
 */
#ifndef GMR_HELPER_SPAWN_H
#define GMR_HELPER_SPAWN_H

#include "safe.h"

/* argv[0] of the helper; gmr_helper_entry.c looks for it. */
#define GMR_HELPER_NAME "gmr-report-helper"
/* What a helper and the process that it works for must have in common beside the arena: counts up with every change of
 * what lies encoded in it. */
#define GMR_HELPER_VERSION 1u
/* The arena's descriptor number in the helper. */
#define GMR_HELPER_ARENA_DESCRIPTOR 3

/* Copies what the helper needs of the environment. Threads: set-up, once. */
void gmr_ss_helper_prepare(char *const *environment) GMR_SIGNAL_SAFE;

/* Starts a keeper process that starts the helper and waits for it; the arena's helper_* words tell how it goes.
 * Returns 0 or a negative errno; -EBUSY where the last keeper has not ended. Nothing the application could notice: the
 * keeper raises no SIGCHLD and no wait() without __WALL sees it. Threads: the agent thread, one at a time. Signal
 * safety: yes. */
int gmr_ss_helper_spawn(int executable_descriptor, int arena_descriptor) GMR_SIGNAL_SAFE;

/* Says that the work on a report goes on, and how it stands (GMR_HELPER_*, 0: unchanged). Signal safety: yes.
 * Threads: any, of any process. */
void gmr_ss_helper_progress(gmr_arena_header_t *arena, uint32_t helper_state) GMR_SIGNAL_SAFE;

/* Waits for the keeper's end. Signal safety: yes. */
void gmr_ss_helper_reap(uint64_t patience_ns) GMR_SIGNAL_SAFE;

#endif
