/*
 * record.c: the pages of the arena that a report is made from, as a file.
 * Runs on the agent thread.
 * A handler may run all of it.
 */
#include "record.h"

#include <errno.h>

#include "gmr_record.h"
#include "syscalls_x86_64.h"

#define MOST_NAMES 100u /* tried before it is given up */

/* `bytes` of the arena from a page's start on; the rest of the last page comes along. */
static int write_run(int descriptor, const gmr_arena_header_t *arena, uint64_t offset,
                     uint64_t bytes) GMR_SIGNAL_SAFE {
    uint64_t pages = (bytes + GMR_PAGE_BYTES - 1) / GMR_PAGE_BYTES;
    gmr_record_run_t run = {(uint32_t)(offset / GMR_PAGE_BYTES), (uint32_t)pages};
    if (run.page_count == 0) return 0;
    int error = gmr_ss_write_all(descriptor, &run, sizeof run);
    return error ? error : gmr_ss_write_all(descriptor, (const uint8_t *)arena + offset,
                                     (uint64_t)run.page_count * GMR_PAGE_BYTES);
}

/* What the program said may have secrets in it, as stacks may. Nobody else writes records at the same time. */
static struct {
    gmr_arena_header_t header;
    uint8_t rest[GMR_PAGE_BYTES - sizeof(gmr_arena_header_t)];
} first_page;

static int write_header(int descriptor, const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    first_page.header = *arena;
    if (!gmr_safe_state.records_stacks) {
        first_page.header.crash.message_bytes = 0;
        __builtin_memset(first_page.header.crash.message, 0, GMR_CRASH_MESSAGE_BYTES);
        first_page.header.task_text_bytes = 0;
    }
    return write_run(descriptor, &first_page.header, 0, GMR_PAGE_BYTES);
}

static int write_slot(int descriptor, const gmr_arena_header_t *arena, uint32_t index) GMR_SIGNAL_SAFE {
    const gmr_slot_t *slot = gmr_arena_slot(arena, index);
    uint64_t offset = (uint64_t)((const uint8_t *)slot - (const uint8_t *)arena);
    if (slot->generation != arena->generation || slot->frame_count > GMR_FRAME_CAPACITY) return 0;
    int error = write_run(descriptor, arena, offset,
                          GMR_SLOT_FRAMES_OFFSET + (uint64_t)slot->frame_count * sizeof(gmr_frame_t));
    if (error || !gmr_safe_state.records_stacks || slot->stack_bytes > GMR_STACK_CAPACITY_BYTES) return error;
    return write_run(descriptor, arena, offset + GMR_SLOT_STACK_OFFSET, slot->stack_bytes);
}

static int write_parts(int descriptor, const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    const gmr_record_header_t header = {GMR_RECORD_MAGIC, GMR_RECORD_VERSION, GMR_PAGE_BYTES, arena->arena_bytes, 0};
    const gmr_publication_t *shown = &arena->publications[GMR_PUBLISHED_RECORD];
    uint32_t buffer = gmr_load_acquire(&shown->version) & 1;
    const struct {
        uint64_t offset, bytes;
    } parts[] = {
        {gmr_publication_offset(GMR_PUBLISHED_RECORD, buffer), shown->bytes[buffer]},
        {arena->module_offset, (uint64_t)arena->module_count * sizeof(gmr_module_t)},
        {arena->string_offset, arena->string_bytes},
        {gmr_tasks_offset(), (uint64_t)arena->task_count * sizeof(gmr_task_t)},
        {gmr_task_frames_offset(), (uint64_t)arena->task_frame_count * sizeof(uint64_t)},
        {gmr_task_references_offset(), (uint64_t)arena->task_reference_count * sizeof(gmr_task_reference_t)},
        {gmr_task_text_offset(), gmr_safe_state.records_stacks ? arena->task_text_bytes : 0},
    };
    int error = gmr_ss_write_all(descriptor, &header, sizeof header);
    if (!error) error = write_header(descriptor, arena);
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0] && !error; i++) {
        error = write_run(descriptor, arena, parts[i].offset, parts[i].bytes);
    }
    for (uint32_t i = 0; i < arena->slot_count && i < arena->slot_capacity && !error; i++) {
        error = write_slot(descriptor, arena, i);
    }
    const gmr_record_run_t end = {0, 0};
    return error ? error : gmr_ss_write_all(descriptor, &end, sizeof end);
}

typedef struct {
    char path[GMR_RECORD_PATH_BYTES + 64];
    uint32_t length;
} name_t;

static void add_number(name_t *name, uint64_t value, uint32_t digits) GMR_SIGNAL_SAFE {
    for (uint32_t i = digits; i-- > 0; value /= 10) name->path[name->length + i] = (char)('0' + value % 10);
    name->length += digits;
}

/* YYYYmmddHHMMSS in UTC, from seconds since 1970 (Howard Hinnant's civil_from_days). */
static void add_time(name_t *name, uint64_t seconds) GMR_SIGNAL_SAFE {
    uint64_t days = seconds / 86400 + 719468, second = seconds % 86400;
    uint64_t era = days / 146097, day_of_era = days % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t from_march = (5 * day_of_year + 2) / 153;
    uint64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    add_number(name, year_of_era + era * 400 + (month <= 2), 4);
    add_number(name, month, 2);
    add_number(name, day_of_year - (153 * from_march + 2) / 5 + 1, 2);
    add_number(name, second / 3600, 2);
    add_number(name, second / 60 % 60, 2);
    add_number(name, second % 60, 2);
}

static void add_text(name_t *name, const char *text) GMR_SIGNAL_SAFE {
    while (*text && name->length < sizeof name->path - 1) name->path[name->length++] = *text++;
    name->path[name->length] = 0;
}

/* A new file; its descriptor or a negative errno. */
static int open_file(name_t *name, uint64_t realtime_ns) GMR_SIGNAL_SAFE {
    name->length = 0;
    add_text(name, gmr_safe_state.record_path);
    if (name->length == 0) return -ENOENT;
    add_time(name, realtime_ns / 1000000000u);
    uint32_t stem = name->length;
    int fd = -EEXIST;
    for (uint32_t i = 0; i < MOST_NAMES && fd == -EEXIST; i++) {
        name->length = stem;
        if (i > 0) {
            add_text(name, "_");
            add_number(name, i, i < 10 ? 1 : 2);
        }
        add_text(name, ".gmr");
        fd = (int)gmr_ss_syscall4(SYS_openat, AT_FDCWD, name->path,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    return fd;
}

static name_t last_name;

const char *gmr_ss_write_record(const gmr_arena_header_t *arena) GMR_SIGNAL_SAFE {
    int fd = open_file(&last_name, arena->realtime_ns);
    if (fd < 0) return 0;
    int error = write_parts(fd, arena);
    gmr_ss_close(fd);
    return error ? 0 : last_name.path;
}
