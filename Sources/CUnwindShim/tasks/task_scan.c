/*
 * task_scan.c: searches the memory for Swift tasks, and for what glibc has of each thread.
 * Runs on the agent thread, and in a helper.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * Each object of a class begins with a pointer to the class; the runtime exports that of tasks for debuggers. So every
 * task is found, whoever made it, without a hook and without a cost while nobody asks. Rejected: the runtime's hooks
 * and interposed functions, which miss the main task, and what stays on an actor.
 */
#include "task_scan.h"

#include <fcntl.h>
#include <sys/uio.h>

#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/maps.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "ascending.h"
#include "task_reader.h"
#include "task_source.h"
#include "thread_tasks.h"

#define BLOCK_PAGES 512u
#define CHUNK_PAGES 64u
#define CHUNK_BYTES (CHUNK_PAGES * GMR_PAGE_BYTES)
#define CLOSE_BYTES (2 * GMR_PAGE_BYTES)
#define ALIGNMENT 16u /* of malloc */
#define ROUND_BYTES 64u /* divides a page */
#define LARGEST_BYTES (UINT64_C(1) << 37) /* more is nobody's heap: AddressSanitizer's shadow has terabytes */
#define LARGEST_UNKNOWN_BYTES (UINT64_C(1) << 28) /* where it is not known how much of it is there */

/* What was read lies here, and looks like tasks too. */
static struct {
    int looks_for_tasks; /* 0: only for threads' descriptors */
    int has_skipped;     /* something that may be a heap */
    uint64_t until_ns;
    int page_map;
    uint32_t stack_count; /* in `stacks` */
    uint64_t stacks[GMR_MAX_THREADS]; /* ascending */
    uint64_t present[BLOCK_PAGES];
    uint8_t bytes[CHUNK_BYTES] __attribute__((aligned(16)));
} scan;

void gmr_task_scan_prepare(void) {
    gmr_task_source.scanned[0] = (uint64_t)(uintptr_t)&scan;
    gmr_task_source.scanned[1] = (uint64_t)(uintptr_t)(&scan + 1);
    gmr_task_source.copies[0] = (uint64_t)(uintptr_t)&gmr_task_copies;
    gmr_task_source.copies[1] = (uint64_t)(uintptr_t)(&gmr_task_copies + 1);
}

static uint64_t page_of(uint64_t address) { return address & ~(uint64_t)(GMR_PAGE_BYTES - 1); }

static int is_over(void) { return gmr_ss_clock_ns(CLOCK_MONOTONIC) >= scan.until_ns; }

static int is_own(uint64_t address) {
    const uint64_t *scanned = gmr_task_source.scanned, *copies = gmr_task_source.copies;
    return (address >= scanned[0] && address < scanned[1]) || (address >= copies[0] && address < copies[1]);
}

/* At once, which is 3 times faster than page by page; but where something has been unmapped since, nothing comes. */
static int read_at_once(uint64_t start, uint64_t bytes) {
    struct iovec local = {scan.bytes, bytes}, remote = {(void *)start, bytes};
    if (gmr_safe_state.memory_descriptor >= 0) return gmr_read_all(start, scan.bytes, bytes);
    long count = gmr_ss_syscall6(SYS_process_vm_readv, gmr_safe_state.agent_tid, (long)&local, 1, (long)&remote, 1, 0);
    return count == (long)bytes;
}

static void read_by_page(uint64_t start, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += GMR_PAGE_BYTES) {
        if (gmr_read_all(start + at, scan.bytes + at, GMR_PAGE_BYTES)) continue;
        __builtin_memset(scan.bytes + at, 0, GMR_PAGE_BYTES);
    }
}

/* Lists that are empty lead to themselves too. */
static int is_descriptor(uint64_t start, uint64_t bytes, uint64_t at) {
    uint64_t self = 0;
    if ((start + at) % GMR_DESCRIPTOR_ALIGNMENT != 0 || bytes - at < GMR_DESCRIPTOR_SELF + sizeof self) return 0;
    __builtin_memcpy(&self, scan.bytes + at + GMR_DESCRIPTOR_SELF, sizeof self);
    return self == start + at;
}

/* Nearly never: one branch for all that begins in these bytes takes half the time of one for each. */
static int is_worth_a_look(uint64_t start, uint64_t at, uint64_t class) {
    uint64_t words[ROUND_BYTES / sizeof(uint64_t)];
    const int looks_for_tasks = scan.looks_for_tasks;
    int is_worth = 0;
    __builtin_memcpy(words, scan.bytes + at, sizeof words);
    for (uint64_t i = 0; i < ROUND_BYTES; i += ALIGNMENT) {
        uint64_t word = words[i / sizeof word];
        is_worth |= ((word == class) & looks_for_tasks) | (word == start + at + i);
    }
    return is_worth;
}

/* Returns 0 where time is over. */
static int look(gmr_arena_header_t *arena, uint64_t start, uint64_t bytes, uint64_t at) {
    uint64_t word;
    __builtin_memcpy(&word, scan.bytes + at, sizeof word);
    if (word == start + at && is_descriptor(start, bytes, at)) gmr_thread_tasks_meet(arena, word);
    if (!scan.looks_for_tasks || word != gmr_task_source.task_class || is_own(start + at)) return 1;
    if (is_over()) return 0;
    gmr_task_add(arena, start + at);
    return 1;
}

static void search(gmr_arena_header_t *arena, uint64_t start, uint64_t bytes) {
    const uint64_t class = gmr_task_source.task_class;
    if (!read_at_once(start, bytes)) read_by_page(start, bytes);
    arena->tasks_searched_bytes += bytes;
    gmr_task_reader_see(start, scan.bytes, bytes);
    for (uint64_t round = 0; round < bytes; round += ROUND_BYTES) {
        if (!is_worth_a_look(start, round, class)) continue;
        for (uint64_t at = round; at < round + ROUND_BYTES; at += ALIGNMENT) {
            if (!look(arena, start, bytes, at)) return;
        }
    }
}

/* Which of the pages have memory; all of them where the kernel does not tell. What is swapped out stays there. */
static void find_present(uint64_t start, uint64_t pages) {
    uint64_t bytes = pages * sizeof scan.present[0];
    if (scan.page_map >= 0 && gmr_ss_pread(scan.page_map, scan.present, bytes,
                                           start / GMR_PAGE_BYTES * sizeof scan.present[0]) == (long)bytes) {
        return;
    }
    for (uint64_t i = 0; i < pages; i++) scan.present[i] = UINT64_MAX;
}

/* Returns 0 where time is over. */
static int search_block(gmr_arena_header_t *arena, uint64_t start, uint64_t pages) {
    const uint64_t is_present = UINT64_C(1) << 63;
    find_present(start, pages);
    for (uint64_t first = 0; first < pages;) {
        uint64_t end = first;
        while (end < pages && end - first < CHUNK_PAGES && scan.present[end] & is_present) end++;
        if (end > first) search(arena, start + first * GMR_PAGE_BYTES, (end - first) * GMR_PAGE_BYTES);
        first = end > first ? end : first + 1;
    }
    gmr_task_source_progress();
    return !is_over();
}

/* Where threads' stacks begin. */
static void find_stacks(const gmr_arena_header_t *arena) {
    scan.stack_count = 0;
    for (uint32_t i = 0; i < arena->slot_count && scan.stack_count < GMR_MAX_THREADS; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        if (slot->generation != arena->generation) continue;
        scan.stacks[scan.stack_count++] = page_of(slot->stack_base);
    }
    gmr_sort(scan.stacks, scan.stack_count);
}

/* Where threads' descriptors may be: glibc has them behind the threads' stacks. */
static uint64_t first_stack(const gmr_mapping_t *mapping) {
    uint32_t place = gmr_place_in(scan.stacks, scan.stack_count, mapping->start);
    return place < scan.stack_count && scan.stacks[place] < mapping->end ? scan.stacks[place] : mapping->end;
}

/* malloc's memory is private, writable and of no file. */
static int search_mapping(gmr_arena_header_t *arena, const gmr_mapping_t *mapping) {
    if (!mapping->readable || !mapping->writable || mapping->shared || mapping->inode != 0) return 1;
    if (mapping->end - mapping->start > LARGEST_BYTES) return 1;
    if (scan.page_map < 0 && mapping->end - mapping->start > LARGEST_UNKNOWN_BYTES) {
        scan.has_skipped = 1;
        return 1;
    }
    uint64_t start = scan.looks_for_tasks ? mapping->start : first_stack(mapping);
    for (uint64_t at = start; at < mapping->end; at += BLOCK_PAGES * GMR_PAGE_BYTES) {
        uint64_t pages = (mapping->end - at) / GMR_PAGE_BYTES;
        if (!search_block(arena, at, pages < BLOCK_PAGES ? pages : BLOCK_PAGES)) return 0;
    }
    return 1;
}

uint32_t gmr_task_scan(gmr_arena_header_t *arena, int looks_for_tasks, uint64_t until_ns) {
    gmr_mapping_t mapping;
    int goes_on = 1, found = 0;
    scan.looks_for_tasks = looks_for_tasks;
    scan.has_skipped = 0;
    scan.until_ns = until_ns;
    if (!looks_for_tasks) find_stacks(arena);
    if (gmr_ss_maps_open(gmr_task_source_path("maps")) != 0) return GMR_TASKS_BLIND;
    scan.page_map = gmr_ss_open_at(AT_FDCWD, gmr_task_source_path("pagemap"), O_RDONLY);
    while (goes_on && (found = gmr_ss_maps_next(&mapping)) > 0) goes_on = search_mapping(arena, &mapping);
    if (scan.page_map >= 0) gmr_ss_close(scan.page_map);
    gmr_ss_maps_close();
    return !goes_on ? GMR_TASKS_CUT : found < 0 || scan.has_skipped ? GMR_TASKS_BLIND : GMR_TASKS_READ;
}

/* So many of these, which ascend, fit into what is read at once; not pages that have none, which may be swapped out. */
static uint32_t count_close(const uint64_t *addresses, uint32_t count) {
    const uint64_t end = page_of(addresses[0]) + CHUNK_BYTES - GMR_PAGE_BYTES;
    uint32_t close = 1;
    while (close < count && addresses[close] < end && addresses[close] - addresses[close - 1] <= CLOSE_BYTES) close++;
    return close;
}

uint32_t gmr_task_scan_add(gmr_arena_header_t *arena, const uint64_t *addresses, uint32_t count, uint64_t until_ns) {
    uint32_t close = 0; /* that the chunk has which was read last, or did not get */
    scan.until_ns = until_ns;
    for (uint32_t i = 0; i < count; i++) {
        if (is_over()) return GMR_TASKS_CUT;
        if (close == 0) {
            close = count_close(addresses + i, count - i);
            uint64_t start = page_of(addresses[i]);
            uint64_t bytes = page_of(addresses[i + close - 1]) + GMR_PAGE_BYTES - start;
            gmr_task_reader_see(start, scan.bytes, read_at_once(start, bytes) ? bytes : 0);
        }
        gmr_task_add(arena, addresses[i]);
        close--;
    }
    return GMR_TASKS_READ;
}
