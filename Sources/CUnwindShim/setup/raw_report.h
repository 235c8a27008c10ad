/*
 * raw_report.h: the last resort: a report without names, from code that needs nothing.
 */
#ifndef GMR_RAW_REPORT_H
#define GMR_RAW_REPORT_H

#include "gmr_capture_format.h"

/* Writes threads and frames as module + offset, with the reasons why nobody could do better. No malloc, no locks.
 * `has_worker`: this process has a worker thread, which is blocked. Returns 1 where all of it was taken, 0 otherwise.
 * Threads: the agent thread. Blocks for a second at most. */
int gmr_raw_report(const gmr_arena_header_t *arena, int descriptor, int has_worker);

#endif
