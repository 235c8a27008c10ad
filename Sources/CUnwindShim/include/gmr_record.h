/*
 * gmr_record.h: a raw record, `.gmr`: what `gmr render` makes a report from, on this machine or on another one.
 *
 * A gmr_record_header_t; then runs of whole pages of the arena, each behind its gmr_record_run_t, in ascending order;
 * then a run of no pages. Native byte order. Left out are the set-up and the configuration, which hold secrets, and the
 * application's sections; there is a set-up without secrets in their place (GMR_PUBLISHED_RECORD). Stacks are left out
 * too, unless the settings want them.
 */
#ifndef GMR_RECORD_H
#define GMR_RECORD_H

#include "gmr_capture_format.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GMR_RECORD_MAGIC UINT64_C(0x44524f434552474d) /* "MGRECORD" */
#define GMR_RECORD_VERSION UINT32_C(2)

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t page_bytes;  /* GMR_PAGE_BYTES */
    uint64_t arena_bytes; /* that the pages are numbered in */
    uint64_t reserved;
} gmr_record_header_t;
_Static_assert(sizeof(gmr_record_header_t) == 32, "file format");

typedef struct {
    uint32_t first_page;
    uint32_t page_count; /* 0: the end */
} gmr_record_run_t;
_Static_assert(sizeof(gmr_record_run_t) == 8, "file format");

/* Reads a record into memory that looks as the arena did; only what the file has takes memory. `*is_whole` is 0 where
 * it ends too early: what is there is used. Returns NULL where the file is no record, with a negative errno in
 * `*error`: -EPROTO another kind of file or version, -EBADMSG damaged, and those of read and mmap.
 * Ownership: the caller's, for gmr_record_unmap(). Any process. */
gmr_arena_header_t *gmr_record_map(int descriptor, int *is_whole, int *error);
void gmr_record_unmap(gmr_arena_header_t *arena);

#ifdef __cplusplus
}
#endif
#endif
