/*
 * raw_report.h: the last resort: a report without names, from code that needs nothing.
 */
#ifndef GMR_RAW_REPORT_H
#define GMR_RAW_REPORT_H

#include "safe.h"

/* Writes threads and frames as module + offset, with the reasons why nobody could do better. No malloc, no locks.
 * `has_worker`: this process has a worker thread, which is blocked. `record`: the path of the raw record, or NULL.
 * Returns 1 where all of it was taken, 0 otherwise.
 * Threads: the agent thread. Blocks for a second at most. */
int gmr_ss_raw_report(const gmr_arena_header_t *arena, int descriptor, int has_worker,
                      const char *record) GMR_SIGNAL_SAFE;

/* The fault in one line; and that no report could be made, with registers and stack. `arena` may be NULL: then without
 * modules and threads. Both block for a second at most. Signal safety: yes. Threads: the one that crashed. */
void gmr_ss_raw_line(const gmr_crash_t *crash, const gmr_arena_header_t *arena, int descriptor) GMR_SIGNAL_SAFE;
void gmr_ss_raw_crash(const gmr_crash_t *crash, const gmr_arena_header_t *arena, int descriptor) GMR_SIGNAL_SAFE;

#endif
