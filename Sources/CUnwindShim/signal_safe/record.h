/*
 * record.h: writes a raw record.
 */
#ifndef GMR_RECORD_WRITER_H
#define GMR_RECORD_WRITER_H

#include "safe.h"

/* Writes the capture in the arena to a new file in the directory of the settings, `SERVICE_gurumeditation_TIME.gmr`.
 * Returns its path, valid until the next one, or NULL where there is no directory, or where writing fails. Blocks as
 * long as writing takes. Signal safety: yes. Threads: the agent thread. */
const char *gmr_ss_write_record(const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE;

#endif
