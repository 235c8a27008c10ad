/*
 * record_file.c: a raw record as an arena again.
 * Runs in the process that reads it, on any thread.
 * A handler may not run it.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent_state.h"
#include "gmr_record.h"

/* What there is of `count` bytes, or a negative errno. */
static int64_t read_up_to(int descriptor, void *buffer, uint64_t count) {
    uint64_t got = 0;
    while (got < count) {
        ssize_t bytes = read(descriptor, (char *)buffer + got, count - got);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return -errno;
        if (bytes == 0) break;
        got += (uint64_t)bytes;
    }
    return (int64_t)got;
}

/* 1 where the file went on to its end, 0 where it is cut; negative: damaged or unreadable. */
static int read_pages(int descriptor, gmr_arena_header_t *arena, uint64_t arena_bytes) {
    uint64_t next_page = 0, all_pages = arena_bytes / GMR_PAGE_BYTES;
    for (;;) {
        gmr_record_run_t run;
        int64_t got = read_up_to(descriptor, &run, sizeof run);
        if (got != sizeof run) return got < 0 ? (int)got : 0;
        if (run.page_count == 0) return 1;
        if (run.first_page < next_page || run.first_page >= all_pages) return -EBADMSG;
        if (run.page_count > all_pages - run.first_page) return -EBADMSG;
        uint64_t bytes = (uint64_t)run.page_count * GMR_PAGE_BYTES;
        got = read_up_to(descriptor, (char *)arena + (uint64_t)run.first_page * GMR_PAGE_BYTES, bytes);
        if (got != (int64_t)bytes) return got < 0 ? (int)got : 0;
        next_page = (uint64_t)run.first_page + run.page_count;
    }
}

static int read_record(int descriptor, gmr_arena_header_t **result) {
    gmr_record_header_t header;
    int64_t got = read_up_to(descriptor, &header, sizeof header);
    if (got < 0) return (int)got;
    if (got != sizeof header || header.magic != GMR_RECORD_MAGIC || header.version != GMR_RECORD_VERSION ||
        header.page_bytes != GMR_PAGE_BYTES || !gmr_arena_is_size(header.arena_bytes)) {
        return -EPROTO;
    }
    gmr_arena_header_t *arena = mmap(NULL, header.arena_bytes, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) return -errno;
    int whole = read_pages(descriptor, arena, header.arena_bytes);
    if (whole >= 0) {
        /* A record never has them. */
        arena->setup_bytes = arena->section_bytes = 0;
        for (uint32_t i = 0; i < GMR_PUBLICATION_COUNT; i++) {
            if (i != GMR_PUBLISHED_RECORD) arena->publications[i] = (gmr_publication_t){{0, 0}, 0, 0};
        }
        if (!gmr_arena_is_sound(arena, header.arena_bytes)) whole = -EBADMSG;
    }
    if (whole < 0) (void)munmap(arena, header.arena_bytes);
    else *result = arena;
    return whole;
}

gmr_arena_header_t *gmr_record_map(int descriptor, int *is_whole, int *error) {
    gmr_arena_header_t *arena = NULL;
    int result = read_record(descriptor, &arena);
    *is_whole = result > 0;
    *error = result < 0 ? result : 0;
    return arena;
}

void gmr_record_unmap(gmr_arena_header_t *arena) { (void)munmap(arena, arena->arena_bytes); }
