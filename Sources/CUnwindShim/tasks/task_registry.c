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
#include "../signal_safe/syscalls_x86_64.h"
#include "ascending.h"
#include "task_source.h"

#define MOST_LISTS 1024u /* beyond its last one the runtime says that it is empty */
#define MOST_ATTEMPTS 8
#define NOWHERE UINT64_MAX
#define MARK UINT64_C(0x10000) /* no word of the pretended task is 0 */
#define PRETENDED_WORDS 256u

typedef uint64_t head_t(uint64_t list);
typedef uint64_t next_t(const void *task);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_getShardHead);
GMR_MAYBE_LINKED(_swift_concurrency_debug_task_getTaskNext);

static head_t *head_of; /* NULL: there are none; nor in a helper, which has functions of its own */
static uint64_t next_offset; /* in a task, of the next one's address */
static struct {
    uint32_t count;
    uint64_t addresses[GMR_TASK_CAPACITY];
} found;

/* The runtime's function is asked about a task that is none: each of its words says where it is. No function of the
 * runtime gets to see a pointer that was read from a task. */
static uint64_t offset_of_next(next_t *next_of) {
    static uint64_t pretended[PRETENDED_WORDS] __attribute__((aligned(64)));
    for (uint64_t i = 0; i < PRETENDED_WORDS; i++) pretended[i] = MARK + i * sizeof *pretended;
    uint64_t offset = next_of(pretended) - MARK;
    return offset < sizeof pretended && offset % sizeof *pretended == 0 ? offset : NOWHERE;
}

void gmr_task_registry_prepare(void) {
    head_of = (head_t *)(uintptr_t)GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_getShardHead);
    next_t *next_of = (next_t *)(uintptr_t)GMR_PROGRAM_SYMBOL(_swift_concurrency_debug_task_getTaskNext);
    next_offset = head_of && next_of ? offset_of_next(next_of) : NOWHERE;
    if (next_offset == NOWHERE) head_of = NULL;
}

typedef struct {
    uint32_t count;
    uint64_t sum; /* of the addresses, each changed by where it stands */
} walk_t;

/* Adds a list's tasks behind those that were found. Returns 0 where it leads to something else, or has no end. */
static int walk(uint64_t task, walk_t *walk) {
    uint64_t earlier = 0; /* the task at the last power of 2: a circle comes back to it */
    *walk = (walk_t){0};
    for (; task; walk->count++) {
        uint64_t words[PRETENDED_WORDS];
        if (found.count + walk->count == GMR_TASK_CAPACITY || task == earlier || task % 16 != 0) return 0;
        if ((walk->count & (walk->count - 1)) == 0) earlier = task;
        if (!gmr_read_all(task, words, next_offset + sizeof *words) || words[0] != gmr_task_source.task_class) return 0;
        found.addresses[found.count + walk->count] = task;
        walk->sum = (walk->sum + task) * UINT64_C(0x9e3779b97f4a7c15);
        task = words[next_offset / sizeof *words];
    }
    return 1;
}

static int add_list(uint64_t list, uint64_t until_ns) {
    walk_t before = {0}, now;
    for (int i = 0, had_one = 0; i < MOST_ATTEMPTS && gmr_ss_clock_ns(CLOCK_MONOTONIC) < until_ns; i++) {
        uint64_t first = head_of(list);
        if (!first) return 1;
        int has_one = walk(first, &now);
        if (has_one && had_one && now.count == before.count && now.sum == before.sum) {
            found.count += now.count;
            return 1;
        }
        before = now;
        had_one = has_one;
    }
    return 0;
}

static void sift(uint32_t parent, uint32_t count) {
    const uint64_t address = found.addresses[parent];
    for (uint32_t child; (child = 2 * parent + 1) < count; parent = child) {
        if (child + 1 < count && found.addresses[child + 1] > found.addresses[child]) child++;
        if (found.addresses[child] <= address) break;
        found.addresses[parent] = found.addresses[child];
    }
    found.addresses[parent] = address;
}

/* qsort() may allocate. */
static void sort(void) {
    for (uint32_t i = found.count / 2; i > 0; i--) sift(i - 1, found.count);
    for (uint32_t last = found.count; last > 1; last--) {
        uint64_t largest = found.addresses[0];
        found.addresses[0] = found.addresses[last - 1];
        found.addresses[last - 1] = largest;
        sift(0, last - 1);
    }
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
    for (uint64_t list = 0; head_of && list < MOST_LISTS; list++) {
        if (!add_list(list, until_ns)) return 0;
    }
    sort();
    return has_own(arena) ? found.count : 0;
}
