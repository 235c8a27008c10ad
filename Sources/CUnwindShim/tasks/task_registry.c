/*
 * task_registry.c: the Swift tasks that the runtime itself lists, where it does: no heap has to be searched for them.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * Runtimes after 6.3 have 64 lists, in each of which a task leads to the next. A service that uses them changes them
 * under the reader's eyes, so a list counts if it was the same twice.
 */
#include "task_registry.h"

#include "../memory/process_memory.h"
#include "../signal_safe/capture.h"
#include "../signal_safe/probe.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "ascending.h"
#include "task_reader.h"
#include "task_source.h"

#define MOST_LISTS 1024u /* beyond its last one the runtime says that it is empty */
#define MOST_ATTEMPTS 8
#define NOWHERE UINT64_MAX
#define MARK UINT64_C(0x10000) /* no word of the pretended task is 0 */
#define WORDS (GMR_TASK_MOST_BYTES / sizeof(uint64_t))
#define TASKS_BETWEEN_LOOKS 1024u /* at the clock */

typedef uint64_t head_t(uint64_t list);
typedef uint64_t next_t(const void *task);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_getShardHead);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_getTaskNext);

static head_t *head_of; /* NULL: there are no lists; nor in a helper, which has functions of its own */
static next_t *next_of;
static uint64_t next_offset; /* in a task, of the next one's address; 0: not asked yet */
static struct {
    uint32_t count;
    uint64_t addresses[GMR_TASK_CAPACITY];
} found;

void gmr_task_registry_prepare(void) {
    head_of = (head_t *)(uintptr_t)GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_getShardHead);
    next_of = (next_t *)(uintptr_t)GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_getTaskNext);
    next_offset = 0;
}

/* The runtime's function is asked about a task that is none: each of its words says where it is. No function of the
 * runtime gets to see a pointer that was read from a task. It may read by process_vm_readv(). */
static uint64_t offset_of_next(void) {
    static uint64_t pretended[WORDS] __attribute__((aligned(64)));
    if (!(gmr_safe_state.allowed & GMR_PROBE_VM_READ)) return NOWHERE;
    for (uint64_t i = 0; i < WORDS; i++) pretended[i] = MARK + i * sizeof *pretended;
    uint64_t offset = next_of(pretended) - MARK;
    return offset > 0 && offset < gmr_task_source.task_bytes && offset % sizeof *pretended == 0 ? offset : NOWHERE;
}

static int has_lists(void) {
    if (!head_of || !next_of) return 0;
    if (next_offset == 0) next_offset = offset_of_next();
    return next_offset != NOWHERE;
}

typedef struct {
    uint32_t count;
    uint64_t sum; /* of the addresses, each changed by where it stands */
} walk_t;

/* Adds a list's tasks behind those that were found. Returns 0 where it leads to something else, or has no end, or time
 * is over. */
static int walk(uint64_t task, uint64_t until_ns, walk_t *walk) {
    const uint8_t *copy = gmr_task_copies.first;
    uint64_t earlier = 0; /* the task at the last power of 2: a circle comes back to it */
    *walk = (walk_t){0};
    for (; task; walk->count++) {
        uint64_t class;
        if (found.count + walk->count == GMR_TASK_CAPACITY || task == earlier || task % 16 != 0) return 0;
        if ((walk->count & (walk->count - 1)) == 0) earlier = task;
        if (walk->count % TASKS_BETWEEN_LOOKS == 0 && gmr_ss_clock_ns(CLOCK_MONOTONIC) >= until_ns) return 0;
        if (!gmr_read_all(task, gmr_task_copies.first, next_offset + sizeof task)) return 0;
        __builtin_memcpy(&class, copy, sizeof class);
        if (class != gmr_task_source.task_class) return 0;
        found.addresses[found.count + walk->count] = task;
        walk->sum = (walk->sum + task) * UINT64_C(0x9e3779b97f4a7c15);
        __builtin_memcpy(&task, copy + next_offset, sizeof task);
    }
    return 1;
}

static int add_list(uint64_t list, uint64_t until_ns) {
    walk_t before = {0}, now;
    for (int i = 0, had_one = 0; i < MOST_ATTEMPTS; i++) {
        uint64_t first = head_of(list);
        if (!first) return 1;
        int has_one = walk(first, until_ns, &now);
        if (has_one && had_one && now.count == before.count && now.sum == before.sum) {
            found.count += now.count;
            return 1;
        }
        before = now;
        had_one = has_one;
    }
    return 0;
}

/* One that has ended and whose place another one took may have been met in two lists. */
static void drop_repeated(void) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found.count; i++) {
        if (kept == 0 || found.addresses[i] != found.addresses[kept - 1]) found.addresses[kept++] = found.addresses[i];
    }
    found.count = kept;
}

static int has(uint64_t address) {
    uint32_t place = gmr_place_in(found.addresses, found.count, address);
    return place < found.count && found.addresses[place] == address;
}

/* A runtime may have been told to keep no lists. */
static int has_own(const gmr_arena_header_t *arena) {
    for (uint32_t i = 0; i < GMR_TASK_PROBES; i++) {
        if (arena->task_probes[i].address && !has(arena->task_probes[i].address)) return 0;
    }
    return 1;
}

uint32_t gmr_task_registry_read(const gmr_arena_header_t *arena, uint64_t until_ns, const uint64_t **addresses) {
    found.count = 0;
    *addresses = found.addresses;
    if (!has_lists()) return 0;
    for (uint64_t list = 0; list < MOST_LISTS; list++) {
        if (!add_list(list, until_ns)) return 0;
    }
    gmr_sort(found.addresses, found.count);
    drop_repeated();
    return has_own(arena) ? found.count : 0;
}
