/*
 * task_references.c: which tasks have hold of a semaphore or dispatch group that a thread waits for.
 * Runs on the agent thread.
 * A handler may not run it. It allocates nothing and takes no lock.
 *
 * A semaphore has no owner; but whoever is to signal it has to have it: as a variable of its own, or captured by a
 * closure that it runs. Other objects are not looked into: an actor that has a semaphore is known to all who call it.
 */
#include "task_references.h"

#include "../memory/process_memory.h"
#include "../signal_safe/syscalls_x86_64.h"
#include "task_reader.h"

#define MOST_WAITED 1024u
#define MOST_SLABS 4
#define MOST_WORDS 512u /* of a slab that are looked at */
#define MOST_DEPTH 3    /* closures in closures: the compiler wraps them */
#define CLOSURE_WORDS 16u
#define FIRST_WORDS 32u /* of a task whose slabs are elsewhere */
#define LIMIT_NS UINT64_C(100000000)

/* swift::StackAllocator::Slab */
enum { SLAB_NEXT = 1, SLAB_SIZES = 2, SLAB_HEADER_BYTES = 0x20 };
/* Swift's object around one of libdispatch's; where that has its futex, and a semaphore the value that it was made
 * with: as measured with Swift 6.3.1. */
enum { WRAPPER_OBJECT = 2, SEMAPHORE_FUTEX = 0x40, SEMAPHORE_ORIGINAL = 0x38, GROUP_FUTEX = 0x34 };
/* swift::MetadataKind of what closures have captured. */
enum { KIND_LOCAL = 0x400, KIND_GENERIC_LOCAL = 0x500 };

/* The futexes that threads wait at, ascending. */
static struct {
    uint64_t until_ns;
    uint32_t count;
    uint64_t futexes[MOST_WAITED];
} waited;

static uint32_t place_of(uint64_t futex) {
    uint32_t low = 0, high = waited.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (waited.futexes[middle] < futex) low = middle + 1;
        else high = middle;
    }
    return low;
}
static int is_waited(uint64_t futex) {
    uint32_t place = place_of(futex);
    return place < waited.count && waited.futexes[place] == futex;
}

/* Variables of the program's files are no objects; idle threads of libdispatch wait at such. */
static int is_static(const gmr_arena_header_t *arena, uint64_t address) {
    const gmr_module_t *modules = gmr_arena_modules(arena);
    for (uint32_t i = 0; i < arena->module_count && i < GMR_MODULE_CAPACITY; i++) {
        if (address >= modules[i].start && address < modules[i].end) return 1;
    }
    return 0;
}

void gmr_task_references_begin(gmr_arena_header_t *arena) {
    waited.count = 0;
    waited.until_ns = gmr_ss_clock_ns(CLOCK_MONOTONIC) + LIMIT_NS;
    for (uint32_t i = 0; i < arena->slot_count && waited.count < MOST_WAITED; i++) {
        const gmr_slot_t *slot = gmr_arena_slot(arena, i);
        uint64_t futex = slot->wait.address;
        if (slot->generation != arena->generation || !(slot->wait.flags & GMR_WAIT_FUTEX)) continue;
        if (is_waited(futex) || is_static(arena, futex)) continue;
        uint32_t place = place_of(futex);
        for (uint32_t at = waited.count++; at > place; at--) waited.futexes[at] = waited.futexes[at - 1];
        waited.futexes[place] = futex;
    }
}

/* The futex of the semaphore or group at this address; 0: there is none that a thread waits for. A semaphore that was
 * made with a value limits how many may do something: whoever has it waits for it first. */
static uint64_t futex_of(uint64_t object) {
    if (is_waited(object + SEMAPHORE_FUTEX)) {
        uint64_t original;
        int is_read = gmr_read_all(object + SEMAPHORE_ORIGINAL, &original, sizeof original);
        return is_read && original == 0 ? object + SEMAPHORE_FUTEX : 0;
    }
    return is_waited(object + GROUP_FUTEX) ? object + GROUP_FUTEX : 0;
}

static void add(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t futex) {
    gmr_task_reference_t *references = gmr_arena_task_references(arena);
    uint32_t count = arena->task_reference_count;
    if (count == GMR_TASK_REFERENCE_CAPACITY) return;
    /* Those of one task follow each other. */
    for (uint32_t i = count; i > 0 && references[i - 1].task == task->address; i--) {
        if (references[i - 1].futex == futex) return;
    }
    references[arena->task_reference_count++] = (gmr_task_reference_t){task->address, futex};
}

static int is_closure(uint64_t metadata) {
    uint64_t kind = metadata % 8 == 0 ? gmr_read_word(metadata) : 0;
    return kind == KIND_LOCAL || kind == KIND_GENERIC_LOCAL;
}

/* How many words of a closure are its own, where glibc's malloc says so: before each piece stands its size. */
static uint32_t words_of(uint64_t size) {
    uint64_t bytes = size & ~(uint64_t)15;
    return bytes < 32 || bytes / 8 - 1 > CLOSURE_WORDS ? CLOSURE_WORDS : (uint32_t)(bytes / 8 - 1);
}

/* A word of a task's, or of what one of its closures has captured. */
static void look_at(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t word, int depth) {
    uint64_t piece[1 + CLOSURE_WORDS] = {0}, *object = piece + 1;
    uint64_t futex = futex_of(word);
    if (!futex) {
        if (word % 16 != 0 || word < GMR_PAGE_BYTES) return; /* malloc's memory is aligned so */
        if (!gmr_read_all(word - 8, piece, sizeof piece) && !gmr_read_all(word - 8, piece, 5 * sizeof *piece)) return;
        if (object[WRAPPER_OBJECT] % 16 == 0) futex = futex_of(object[WRAPPER_OBJECT]);
    }
    if (futex) add(arena, task, futex);
    if (futex || depth == MOST_DEPTH || !is_closure(object[0])) return;
    for (uint32_t i = 2; i < words_of(piece[0]); i++) {
        if (object[i]) look_at(arena, task, object[i], depth + 1);
    }
}

static void search(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t start, uint64_t words) {
    static uint64_t copy[MOST_WORDS];
    if (words > MOST_WORDS) words = MOST_WORDS;
    if (!gmr_read_all(start, copy, words * sizeof *copy)) return;
    for (uint64_t i = 0; i < words && gmr_ss_clock_ns(CLOCK_MONOTONIC) < waited.until_ns; i++) {
        if (copy[i]) look_at(arena, task, copy[i], 0);
    }
}

void gmr_task_references_read(gmr_arena_header_t *arena, const gmr_task_t *task, uint64_t first_slab) {
    if (waited.count == 0) return;
    /* Before the first slab, where that is part of the task: what it began with. */
    uint64_t rest = first_slab - task->address - GMR_TASK_BYTES;
    search(arena, task, task->address + GMR_TASK_BYTES, rest < MOST_WORDS * 8 ? rest / 8 : FIRST_WORDS);
    for (int i = 0; i < MOST_SLABS && first_slab; i++) {
        uint64_t slab[3];
        if (first_slab % 16 != 0 || !gmr_read_all(first_slab, slab, sizeof slab)) return;
        uint64_t used = slab[SLAB_SIZES] >> 32, capacity = slab[SLAB_SIZES] & UINT32_MAX;
        if (used <= capacity) search(arena, task, first_slab + SLAB_HEADER_BYTES, used / 8);
        first_slab = slab[SLAB_NEXT];
    }
}
