/*
 * task_scan.c: searches the heap for Swift tasks, where the runtime has no list of them.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * Each object of a class begins with a pointer to the class; the runtime exports that of tasks for debuggers. So every
 * task is found, whoever made it, without a hook and without a cost while nobody asks. Rejected: the runtime's hooks
 * and interposed functions, which miss the main task, and what stays on an actor.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/uio.h>

#include "../locks/waits.h"
#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/helper_spawn.h"
#include "../signal_safe/maps.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "task_births.h"
#include "task_locals.h"
#include "task_places.h"
#include "task_probes.h"
#include "task_reader.h"
#include "task_references.h"
#include "task_registry.h"
#include "task_source.h"
#include "tasks.h"
#include "thread_tasks.h"

#define BLOCK_PAGES 512u
#define CHUNK_PAGES 64u
#define CRASH_LIMIT_NS UINT64_C(200000000)
#define ALIGNMENT 16u /* of malloc */
#define ROUND_BYTES 64u /* divides a page */
#define LARGEST_BYTES (UINT64_C(1) << 37) /* more is nobody's heap: AddressSanitizer's shadow has terabytes */
#define LARGEST_UNKNOWN_BYTES (UINT64_C(1) << 28) /* where it is not known how much of it is there */
#define LOADERS_BYTES (UINT64_C(1) << 20) /* at most, of what the loader has for the main thread's variables */
#define NO_CLASS UINT64_MAX

GMR_MAYBE_LINKED(_swift_concurrency_debug_asyncTaskMetadata);
GMR_MAYBE_LINKED(_swift_concurrency_debug_asyncTaskSize);
GMR_MAYBE_LINKED(_swift_concurrency_debug_internal_layout_version);
GMR_MAYBE_LINKED(_dispatch_main_q);

static uint64_t main_queue; /* address of libdispatch's; 0: there is none */
static uint32_t runtime; /* GMR_TASKS_*, but CUT */

/* What was read lies here, and looks like tasks too. */
static struct {
    uint64_t class; /* whose objects are searched, NO_CLASS: of none, only threads' descriptors */
    uint64_t until_ns;
    int page_map;
    uint64_t present[BLOCK_PAGES];
    uint8_t bytes[CHUNK_PAGES * GMR_PAGE_BYTES] __attribute__((aligned(16)));
} scan;

/* dispatch_queue_s.dq_state has the thread that drains a queue; of the main queue that is the main thread, until
 * dispatchMain() leaves it to the pool. */
static int32_t main_queue_drainer(uint64_t queue) {
    return queue ? (int32_t)(gmr_read_word(queue + GMR_QUEUE_STATE) & FUTEX_TID_MASK) : 0;
}

/* The runtime's variables never change. */
static uint32_t state_of_runtime(uint64_t class_variable) {
    uint32_t version = 0;
    uint64_t bytes = 0;
    uint64_t version_variable = GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_internal_layout_version);
    uint64_t size_variable = GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_asyncTaskSize);
    if (!class_variable) return GMR_TASKS_NONE;
    if (version_variable) __builtin_memcpy(&version, (const void *)(uintptr_t)version_variable, sizeof version);
    if (size_variable) __builtin_memcpy(&bytes, (const void *)(uintptr_t)size_variable, sizeof bytes);
    if (version != GMR_TASK_LAYOUT_VERSION || bytes % 16 != 0) return GMR_TASKS_STRANGE;
    if (bytes < GMR_TASK_KNOWN_BYTES || bytes > GMR_TASK_MOST_BYTES) return GMR_TASKS_STRANGE;
    __builtin_memcpy(&gmr_task_source.task_class, (const void *)(uintptr_t)class_variable, sizeof(uint64_t));
    gmr_task_source.task_bytes = (uint32_t)bytes;
    return GMR_TASKS_READ;
}

/* Tasks that are larger than those that are known may have something inserted, too: believed where GMR's own were read
 * as such. Whether rightly, field for field, is seen later. */
static int is_layout_believable(const gmr_arena_header_t *arena) {
    const gmr_task_t *tasks = gmr_arena_tasks(arena);
    uint32_t seen = 0;
    if (gmr_task_source.task_bytes == GMR_TASK_KNOWN_BYTES) return 1;
    for (uint32_t i = 0; i < arena->task_count; i++) {
        for (uint32_t probe = 0; probe < GMR_TASK_PROBES; probe++) {
            const gmr_task_probe_t *own = &arena->task_probes[probe];
            seen += own->address != 0 && tasks[i].address == own->address && tasks[i].id == own->id;
        }
    }
    return seen == GMR_TASK_PROBES;
}

void gmr_tasks_prepare(void) {
    uint64_t class_variable = GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_asyncTaskMetadata);
    main_queue = GMR_PROGRAM_SYMBOL(_dispatch_main_q);
    runtime = state_of_runtime(class_variable);
    if (runtime != GMR_TASKS_READ) return;
    gmr_task_source.scanned[0] = (uint64_t)(uintptr_t)&scan;
    gmr_task_source.scanned[1] = (uint64_t)(uintptr_t)(&scan + 1);
    gmr_task_source.copies[0] = (uint64_t)(uintptr_t)&gmr_task_copies;
    gmr_task_source.copies[1] = (uint64_t)(uintptr_t)(&gmr_task_copies + 1);
    gmr_task_reader_prepare();
    gmr_task_registry_prepare();
    gmr_thread_tasks_prepare(class_variable);
    gmr_task_births_begin();
}

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
    int is_worth = 0;
    __builtin_memcpy(words, scan.bytes + at, sizeof words);
    for (uint64_t i = 0; i < ROUND_BYTES; i += ALIGNMENT) {
        uint64_t word = words[i / sizeof word];
        is_worth |= (word == class) | (word == start + at + i);
    }
    return is_worth;
}

/* Returns 0 where time is over. */
static int look(gmr_arena_header_t *arena, uint64_t start, uint64_t bytes, uint64_t at) {
    uint64_t word;
    __builtin_memcpy(&word, scan.bytes + at, sizeof word);
    if (word == start + at && is_descriptor(start, bytes, at)) gmr_thread_tasks_meet(arena, word);
    if (word != scan.class || is_own(start + at)) return 1;
    if (is_over()) return 0;
    gmr_task_add(arena, start + at);
    return 1;
}

static void search(gmr_arena_header_t *arena, uint64_t start, uint64_t bytes) {
    const uint64_t class = scan.class;
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
    if (gmr_task_source_is_outside) gmr_ss_helper_progress(arena, 0);
    return !is_over();
}

/* Where threads' descriptors may be: glibc has them behind the threads' stacks. */
static uint64_t first_stack(const gmr_arena_header_t *arena, const gmr_mapping_t *mapping) {
    uint64_t first = mapping->end - mapping->start <= LOADERS_BYTES ? mapping->start : mapping->end;
    for (uint32_t i = 0; i < arena->slot_count; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        uint64_t page = slot->stack_base & ~(uint64_t)(GMR_PAGE_BYTES - 1);
        if (slot->generation == arena->generation && page >= mapping->start && page < first) first = page;
    }
    return first;
}

/* malloc's memory is private, writable and of no file. */
static int search_mapping(gmr_arena_header_t *arena, const gmr_mapping_t *mapping) {
    if (!mapping->readable || !mapping->writable || mapping->shared || mapping->inode != 0) return 1;
    if (mapping->end - mapping->start > (scan.page_map < 0 ? LARGEST_UNKNOWN_BYTES : LARGEST_BYTES)) return 1;
    uint64_t start = scan.class == NO_CLASS ? first_stack(arena, mapping) : mapping->start;
    for (uint64_t at = start; at < mapping->end; at += BLOCK_PAGES * GMR_PAGE_BYTES) {
        uint64_t pages = (mapping->end - at) / GMR_PAGE_BYTES;
        if (!search_block(arena, at, pages < BLOCK_PAGES ? pages : BLOCK_PAGES)) return 0;
    }
    return 1;
}

static int search_mappings(gmr_arena_header_t *arena, uint64_t class) {
    gmr_mapping_t mapping;
    scan.class = class;
    int goes_on = 1;
    if (gmr_ss_maps_open(gmr_task_source_path("maps")) != 0) return 0;
    while (goes_on && gmr_ss_maps_next(&mapping) > 0) goes_on = search_mapping(arena, &mapping);
    gmr_ss_maps_close();
    return goes_on;
}

/* Returns 0 where time is over. */
static int find_tasks(gmr_arena_header_t *arena) {
    const uint64_t *addresses;
    uint32_t count = gmr_task_registry_read(arena, scan.until_ns, &addresses);
    if (count == 0) return search_mappings(arena, gmr_task_source.task_class);
    for (uint32_t i = 0; i < count; i++) {
        if (is_over()) return 0;
        gmr_task_add(arena, addresses[i]);
    }
    return search_mappings(arena, NO_CLASS);
}

static void read_tasks(gmr_arena_header_t *arena, uint64_t limit_ns) {
    uint64_t begin = gmr_ss_clock_ns(CLOCK_MONOTONIC);
    arena->task_count = arena->tasks_dropped = arena->task_frame_count = arena->task_text_bytes = 0;
    arena->tasks_searched_bytes = 0;
    arena->task_reference_count = arena->task_references_cut = 0;
    arena->main_queue_drainer = main_queue_drainer(arena->main_queue);
    gmr_task_references_begin(arena);
    scan.until_ns = begin + limit_ns;
    scan.page_map = gmr_ss_open_at(AT_FDCWD, gmr_task_source_path("pagemap"), O_RDONLY);
    arena->task_state = find_tasks(arena) ? GMR_TASKS_READ : GMR_TASKS_CUT;
    if (arena->task_state == GMR_TASKS_CUT || arena->tasks_dropped) arena->task_references_cut = 1;
    if (scan.page_map >= 0) gmr_ss_close(scan.page_map);
    gmr_thread_tasks_find(arena);
    gmr_task_groups_confirm(arena);
    if (!is_layout_believable(arena)) {
        arena->task_count = arena->task_reference_count = 0;
        arena->task_state = GMR_TASKS_STRANGE;
    }
    if (!gmr_task_source_is_outside) gmr_task_places_compare(arena);
    arena->task_semaphores = gmr_task_references_sought();
    arena->tasks_ns += gmr_ss_clock_ns(CLOCK_MONOTONIC) - begin;
}

void gmr_tasks_read(gmr_arena_header_t *arena, uint64_t limit_ns) {
    arena->task_state = runtime;
    arena->task_count = 0;
    arena->tasks_ns = 0;
    arena->main_queue = main_queue;
    if (runtime != GMR_TASKS_READ) return;
    gmr_task_locals_begin(arena);
    gmr_task_probes_tell(arena);
    gmr_task_source.limit_ns = limit_ns;
    arena->task_source = gmr_task_source;
    int is_short = arena->crash.signal && limit_ns > CRASH_LIMIT_NS;
    read_tasks(arena, is_short ? CRASH_LIMIT_NS : limit_ns);
}

int gmr_tasks_are_for_helper(const gmr_arena_header_t *arena) {
    int was_short = arena->crash.signal && arena->task_source.limit_ns > CRASH_LIMIT_NS;
    return arena->task_state == GMR_TASKS_CUT && (was_short || arena->tasks_searched_bytes == 0);
}

void gmr_tasks_read_outside(gmr_arena_header_t *arena, int32_t pid) {
    if (!gmr_tasks_are_for_helper(arena) || !gmr_task_source_adopt(arena, pid)) return;
    read_tasks(arena, gmr_task_source.limit_ns);
}
