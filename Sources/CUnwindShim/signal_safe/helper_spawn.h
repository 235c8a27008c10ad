/*
 * helper_spawn.h: starts the helper process: this process's own executable over the arena.
 */
#ifndef GMR_HELPER_SPAWN_H
#define GMR_HELPER_SPAWN_H

#include "safe.h"

/* argv[0] of the helper; helper_entry.c looks for it. */
#define GMR_HELPER_NAME "gmr-report-helper" /* for one report */
#define GMR_STANDBY_NAME "gmr-report-standby" /* for all of them: standby_process.c */
/* What a helper and the process that it works for must have in common beside the arena: counts up with every change of
 * what lies encoded in it, and of what they say to each other. */
#define GMR_HELPER_VERSION 2u
/* Descriptor numbers in the helper: the arena; and in one that stands by, its end of the socket by which it is asked,
 * and the service as a pidfd. */
#define GMR_HELPER_ARENA_DESCRIPTOR 3
#define GMR_STANDBY_TALK_DESCRIPTOR 4
#define GMR_STANDBY_OWNER_DESCRIPTOR 5
#define GMR_HELPER_FREE_DESCRIPTOR 6 /* and those above */

enum { GMR_HELPER_ONCE = 0, GMR_HELPER_STANDS_BY = 1 };

/* Descriptors, at GMR_HELPER_FREE_DESCRIPTOR or above. */
typedef struct {
    int executable, arena;
    int talk, owner; /* of one that stands by; owner may be -1 */
    int keeper_stays; /* as its parent */
} gmr_helper_start_t;

/* Copies what the helper needs of the environment. Threads: set-up, once. */
void gmr_ss_helper_prepare(char *const *environment) GMR_SIGNAL_SAFE;

/* Starts a keeper process that starts the helper. Of one for a report it waits for the end, and the arena's helper_*
 * words tell how it goes. Returns 0 or a negative errno; -EBUSY where the last keeper has not ended. Nothing the
 * application could notice: the keeper raises no SIGCHLD and no wait() without __WALL sees it. `kind`: GMR_HELPER_ONCE
 * or GMR_HELPER_STANDS_BY. Threads: the agent thread, one at a time. Signal safety: yes. */
int gmr_ss_helper_spawn(uint32_t kind, const gmr_helper_start_t *start) GMR_SIGNAL_SAFE;

/* Says that the work on a report goes on, and how it stands (GMR_HELPER_*, 0: unchanged). Signal safety: yes.
 * Threads: any, of any process. */
void gmr_ss_helper_progress(gmr_arena_header_t *arena, uint32_t helper_state) GMR_SIGNAL_SAFE;

/* Waits for the keeper's end. Returns 1 where there is none any more. Signal safety: yes. */
int gmr_ss_helper_reap(uint32_t kind, uint64_t patience_ns) GMR_SIGNAL_SAFE;

/* Of a keeper that has not been waited for; 0: none. Signal safety: yes. */
int32_t gmr_ss_helper_keeper(uint32_t kind) GMR_SIGNAL_SAFE;

/* Of the helper that was started last; 0: none. Signal safety: yes. */
int32_t gmr_ss_helper_pid(uint32_t kind) GMR_SIGNAL_SAFE;

/* Waits until the one that stands by is executed: 0, or a negative errno. Signal safety: yes. */
int gmr_ss_standby_result(uint64_t patience_ns) GMR_SIGNAL_SAFE;

#endif
