/*
 * maps.h: the mappings of a process, one after the other.
 * Threads: the agent thread. Signal safety: yes.
 */
#ifndef GMR_MAPS_H
#define GMR_MAPS_H

#include "mapping_line.h"
#include "safe.h"

/* Not /proc/self, which is the main thread: when that has ended it has no mappings. */
#define GMR_OWN_MAPS "/proc/thread-self/maps"

/* One reader at a time. Returns 0 or a negative errno. */
int gmr_ss_maps_open(const char *path) GMR_SIGNAL_SAFE;

/* By address. Returns 1, 0 behind the last one, or a negative errno. The path is valid until the next call. */
int gmr_ss_maps_next(gmr_mapping_t *mapping) GMR_SIGNAL_SAFE;

void gmr_ss_maps_close(void) GMR_SIGNAL_SAFE;

#endif
