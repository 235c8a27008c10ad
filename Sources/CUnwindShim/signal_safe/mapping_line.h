/*
 * mapping_line.h: one line of /proc/PID/maps.
 * Any thread. A handler may use all of it.
 */
#ifndef GMR_MAPPING_LINE_H
#define GMR_MAPPING_LINE_H

#include "proc_text.h"

typedef struct {
    uint64_t start, end, offset, device, inode;
    int readable, writable, executable, shared;
    const char *path; /* in the line; empty, a name in brackets, or a path, perhaps with " (deleted)" behind it */
    uint32_t path_bytes;
} gmr_mapping_t;

/* "START-END PERMS OFFSET MAJOR:MINOR INODE   PATH". Returns 0 where it is something else. */
static inline int gmr_ss_parse_mapping(gmr_text_t line, gmr_mapping_t *mapping) GMR_SIGNAL_SAFE {
    uint64_t major, minor;
    int64_t inode;
    if (!gmr_ss_text_hex(&line, &mapping->start) || !gmr_ss_text_word(&line, "-")) return 0;
    if (!gmr_ss_text_hex(&line, &mapping->end) || !gmr_ss_text_word(&line, " ")) return 0;
    if (line.end - line.at < 5) return 0;
    mapping->readable = line.at[0] == 'r';
    mapping->writable = line.at[1] == 'w';
    mapping->executable = line.at[2] == 'x';
    mapping->shared = line.at[3] == 's';
    line.at += 5;
    if (!gmr_ss_text_hex(&line, &mapping->offset) || !gmr_ss_text_word(&line, " ")) return 0;
    if (!gmr_ss_text_hex(&line, &major) || !gmr_ss_text_word(&line, ":")) return 0;
    if (!gmr_ss_text_hex(&line, &minor) || !gmr_ss_text_word(&line, " ")) return 0;
    if (!gmr_ss_text_decimal(&line, &inode)) return 0;
    gmr_ss_text_blanks(&line);
    mapping->device = major << 32 | minor;
    mapping->inode = (uint64_t)inode;
    mapping->path = line.at;
    mapping->path_bytes = (uint32_t)(line.end - line.at);
    return 1;
}

#endif
